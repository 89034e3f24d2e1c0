-- as A
update case_file set clinic = 'k2', no = 2000000;
-- truth
select exists (select from case_file where clinic = 'k2' and patient = 'Sudha');
