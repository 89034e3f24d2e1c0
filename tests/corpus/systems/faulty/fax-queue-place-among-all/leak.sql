-- as A
select fax.place_in_queue(4);
-- control as A
select count(*) || ' ahead' from fax.job where state = 'waiting' and no <> 4;
select fax.place_in_queue(1);
