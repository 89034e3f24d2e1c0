-- as A
select heading, no, name from find_customer('Kranz');
-- control as A
select count(*) || ' of ' || count(*) || ' customers' as heading from customer where name ilike '%Kranz%';
select name from find_customer('Kranz');
select * from find_case('18.50.02');
