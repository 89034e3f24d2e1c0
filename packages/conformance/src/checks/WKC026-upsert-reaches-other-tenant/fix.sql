alter table patient drop constraint patient_mrn_key;
