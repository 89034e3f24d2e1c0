-- as A
select * from api.billing_overview;
