-- as A
insert into patient values (2, 99, 'planted', '0');
update patient set clinic_id = 2;
insert into treatment values (1, 2, 1, 'D1', 'refers to nobody of ours');
-- truth
select exists (select from patient where clinic_id = 2 and full_name <> 'Ravi bravo');
