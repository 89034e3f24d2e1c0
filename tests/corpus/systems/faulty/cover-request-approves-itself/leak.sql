-- control as A
select * from trip;
-- as A
insert into cover values ('s1', 's2', '2026-02-01', true, 'night');
select * from trip;
