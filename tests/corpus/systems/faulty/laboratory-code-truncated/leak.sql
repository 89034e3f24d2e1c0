-- as A
select patient, organism from culture;
