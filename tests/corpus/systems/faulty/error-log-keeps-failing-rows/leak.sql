-- as A
select place, message, failing from error_log order by logged_at desc limit 50;
