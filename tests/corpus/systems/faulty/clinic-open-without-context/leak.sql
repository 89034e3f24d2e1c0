-- as A, without context
select patient, complaint from consultation;
