-- as A
select * from api.patients(2);
