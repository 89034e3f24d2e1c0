-- as A
select patient, biopsy from lesion where clinic_id is distinct from 1;
