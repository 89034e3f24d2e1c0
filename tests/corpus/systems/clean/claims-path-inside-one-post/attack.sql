-- as A
select * from clinic;
select * from chart;
select * from problem;
-- as A
insert into problem values ('bekal', 1, 'E11', 'x');
-- as A
update chart set clinic = 'bekal', chart_no = 7;
-- as A
select works_at('bekal'), works_at(null), works_at('aluva" || true');
