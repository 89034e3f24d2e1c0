-- as A
select full_name, phone, message from v_recall_due;
-- control as A
select * from v_customer_card;
select * from v_order_board;
select * from recall;
