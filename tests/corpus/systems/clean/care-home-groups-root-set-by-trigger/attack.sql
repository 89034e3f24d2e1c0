-- as A
select * from care.occupancy();
select name from care.org;
select title, body from care.guideline;
select care.move_resident(20, 1, 10);
-- as A
select care.move_resident(10, 1, 20);
-- as A
insert into care.resident (root_id, org_id, no, name) values (2, 10, 77, 'slipped in');
update care.resident set root_id = 2 where org_id = 10;
-- as A
insert into care.guideline (root_id, org_id, title, body) values (2, 1, 'slipped in', 'read me');
-- as A
update care.resident set org_id = 20 where org_id = 10;
-- as A
update care.org set parent_id = 1 where id = 20;
-- as A, without context
select name from care.resident;
select * from care.occupancy();
-- truth
select exists (select from care.resident where (root_id = 2) <> (org_id in (20, 21))) or exists (select from care.guideline where root_id = 2 and title = 'slipped in')
  or (select count(*) from care.resident where root_id = 2) <> 4;
