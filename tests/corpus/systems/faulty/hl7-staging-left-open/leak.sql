-- control as A
select * from core.specimen;
select * from core.result;
-- as A
select raw from staging.message_in where filed;
