-- as A
select * from org_path;
-- as A
create temporary table org_path (above int, below int, steps int, trail text);
insert into org_path select 101, n, 1, 'x' from generate_series(1, 300) n;
create temporary table org (id int, closed_on date);
insert into org values (101, null);
set local search_path = pg_temp, public;
select * from public.patient;
select * from public.my_staff;
-- as A
insert into patient (org_id, no, name) values (102, 50, 'x') returning *;
-- as A
select * from benchmark('2026-01-01');
select * from my_staff where org_id <> 101;
