-- as A
create temp table membership (branch_id int, usr text);
insert into membership values (2, 'u1');
select nurse from shift;
