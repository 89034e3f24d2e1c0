-- as A
select set_config('tsct.token', replace(current_setting('tsct.token'), 'rad-1', 'rad-2'), true);
select * from study;
select * from signing_key;
