-- as A, without context
select patient, impression from report;
