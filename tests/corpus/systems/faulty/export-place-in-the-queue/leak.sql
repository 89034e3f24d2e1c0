-- as A
select lims.ask_export('month', 'February');
select 'place ' || lims.export_place(2);
-- control as A
select lims.ask_export('month', 'February');
select 'place ' || count(*) from lims.export_job where state = 'waiting';
