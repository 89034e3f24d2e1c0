-- as A
insert into patient (house_id, name) values (1, 'trial') returning 'chart ' || chart_no;
-- control as A
select 'chart ' || max(chart_no) + 1 from patient;
insert into letter (house_id, chart_no, body) values (1, 1, 'trial') returning 'chart ' || no;
