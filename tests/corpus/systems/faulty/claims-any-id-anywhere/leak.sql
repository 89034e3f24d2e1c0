-- as A
select patient, advice from teleconsult;
