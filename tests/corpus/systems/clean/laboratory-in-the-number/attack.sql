-- as A
select * from specimen;
select * from assay_result;
-- as A
insert into specimen values ('NOR2/2026/9', default, 'planted', 'planted');
-- as A
insert into assay values ('NOR2/2026/1', 'ELISA', default, 'planted');
-- as A
insert into specimen values ('NOR/NOR2/9', default, 'planted', 'planted');
-- as A
update specimen set number = replace(number, 'NOR/2026/1', 'NOR2/2026/71');
-- as A
update aliquot set place = 'gone';
delete from assay;
-- truth
select exists (select from specimen where donor = 'planted' or number = 'NOR2/2026/71') or exists (select from assay where remark = 'planted')
  or (select count(*) from assay) < 4 or exists (select from aliquot where lab <> 'NOR' and place = 'gone');
