-- as A
select patient, notes from case_file;
