-- as A
insert into invoice (clinic_id, patient) values (2, 'Anu');
-- truth
select last_number <> 5007 from invoice_counter where clinic_id = 2;
