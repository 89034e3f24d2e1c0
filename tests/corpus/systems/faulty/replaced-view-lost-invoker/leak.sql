-- control as A
select * from tumour;
select * from v_follow_up;
-- as A
select patient, site from v_tumour;
