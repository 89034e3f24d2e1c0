-- as A
delete from consultant where reg_no = 'KMC-101';
-- truth
select not exists (select from opd_slot where unit = 'south');
