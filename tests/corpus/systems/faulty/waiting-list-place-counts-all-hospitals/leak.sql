-- as A
select place_of(4);
-- control as A
select 'place ' || place from next_ten;
select days_waited(4), take_off(4);
select 'place ' || count(*) from waiting_entry;
