-- as A
select * from p_klar.recall_letter;
-- control as A
select * from p_blick.recall_letter;
select * from p_klar.customer;
-- control as A
select * from p_nah.open_orders;
