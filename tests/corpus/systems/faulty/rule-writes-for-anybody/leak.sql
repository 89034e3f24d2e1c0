-- as A
insert into web.token (branch_id, no, patient) values (2, 55, 'planted');
-- truth
select exists (select from base.token where branch_id = 2 and patient = 'planted');
