-- as A
select * from auth.member;
insert into auth.member values ('anna@x', 'd7000000-0000-4000-8000-000000000002');
-- truth
select count(*) <> 2 from auth.member;
