-- as A
insert into letter_template values (null, 'planted', 'call this number');
-- truth
select exists (select from letter_template where clinic_id is null and name = 'planted');
