-- control as A
select payload from webhook_delivery;
-- as B
insert into lab_result values (62, 2, 'HbA1c', '9.8', 'final');
-- as A
select payload from webhook_delivery;
