-- as A
insert into comment values ('ca', 2, 2, 'the dose is ten times as much');
-- truth
select exists (select from comment where document_id = 2 and clinic = 'ca');
