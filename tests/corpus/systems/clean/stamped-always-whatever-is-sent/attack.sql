-- as A
insert into vital values (2, 5, '2026-02-02', 'pulse', 1, 'planted');
update vital set clinic_id = 2, remark = 'planted';
-- truth
select exists (select from vital where clinic_id = 2 and remark = 'planted');
