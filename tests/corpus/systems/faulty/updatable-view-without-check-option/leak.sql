-- as A
insert into web.waiting_list values (2, 66, 'planted', 1);
-- truth
select exists (select from base.waiting_list where branch_id = 2 and patient = 'planted');
