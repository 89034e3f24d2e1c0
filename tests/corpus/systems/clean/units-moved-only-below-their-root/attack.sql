-- as A
update unit set parent = 'LAB' where code = 'OPD';
select * from duty;
select * from incident;
insert into unit values ('kolar', 'NEW', 'OPD', 'mine');
select title from unit;
-- as A
insert into unit values ('mysuru', 'NEW', 'OPD', 'try');
-- as A
insert into duty values ('mysuru', 'LAB', '2026-12-02', 'M', 'try') on conflict do nothing;
-- truth
select exists (select from unit where root = 'mysuru' and code = 'NEW') or exists (select from duty where staff = 'try');
