-- as A
select site, name from api.patient;
select done from api.treatment;
