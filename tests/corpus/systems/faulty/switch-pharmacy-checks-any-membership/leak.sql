-- control as A
select * from shop.customer;
select * from auth.my_pharmacies();
select auth.switch_pharmacy(99);
-- as A
select auth.switch_pharmacy(12);
select full_name, allergies from shop.customer;
