-- as A
update staff set branch_id = 2 where usr = 'u1';
select body from case_note;
