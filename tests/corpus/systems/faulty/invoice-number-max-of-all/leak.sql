-- control as A
select * from invoice;
-- as A
insert into invoice (clinic_id, patient) values (1, 'Anu') returning number;
