-- as A
select patient, finding from old_scan;
