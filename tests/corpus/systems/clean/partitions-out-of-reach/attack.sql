-- as A
select * from part.treatment_302;
-- as A
select * from treatment where centre_id = 302;
select * from measurement;
-- as A
update treatment set centre_id = 302;
-- as A
insert into measurement values (302, 1, '2026-01-01 02:00+01', 'uf', 1, 'planted');
-- as A
delete from measurement;
-- truth
select exists (select from measurement where remark = 'planted') or (select count(*) from measurement) < 8;
