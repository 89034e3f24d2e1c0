-- control as A
select * from ins.claim;
select * from ins.member;
insert into ins.office_line values (200, 100, 1);
-- as A
insert into ins.office_line values (100, 210, 1);
select claim_no, story from ins.claim where office_id = 210;
