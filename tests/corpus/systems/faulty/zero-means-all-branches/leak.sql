-- as A, without context
select patient, icd from poly.encounter;
