-- as A
select patient, note from handover;
