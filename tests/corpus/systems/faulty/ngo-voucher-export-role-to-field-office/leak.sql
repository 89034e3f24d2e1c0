-- as A
select day, payee, purpose from voucher order by no;
-- control as A
select * from voucher_export;
select * from staff_pay;
select * from grant_report;
select * from beneficiary;
update voucher set purpose = purpose where partner = 'bhakta' returning purpose;
