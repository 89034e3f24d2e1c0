-- as A
select * from study;
select * from org;
select * from find_studies('embolism');
select * from stats.dose;
select * from worklist;
-- as A
select * from study_2026;
-- as A
select * from stats.dose_by_device;
-- as A
insert into patient values ('sued', 11, 50, 'moved', null);
-- as A
update patient set org_id = 'sued' where branch_no = 11;
-- as A
update study set branch_no = 21, org_id = 'sued' where no = 1;
-- as A, without context
select * from report;
select * from find_studies('embolism');
-- truth
select exists (select from patient where org_id <> 'nord' and branch_no in (11, 12)) or (select count(*) from study where branch_no > 20) <> 6;
