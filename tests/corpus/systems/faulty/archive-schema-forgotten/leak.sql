-- as A
select patient, body from archive.file_2019;
