-- as A
insert into rental.loan (provider_id, loan_no, customer_no, serial) values (70001, 900, 1, 'VT-9001');
select 'stored for ' || serial from rental.loan where loan_no = 900;
-- control as A
insert into rental.loan (provider_id, loan_no, customer_no, serial) values (70001, 901, 1, 'VT-9002');
-- control as A
select 'stored for ' || serial from rental.loan where loan_no = 901;
select serial from rental.device;
