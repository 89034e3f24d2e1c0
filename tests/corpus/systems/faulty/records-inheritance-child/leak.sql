-- as A
select patient, summary from discharge_archive;
