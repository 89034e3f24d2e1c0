-- as A
select * from take_job('me');
select * from take_job('me');
select * from take_job('me');
select * from take_job('me');
select jobs_waiting(), next_number('order');
select * from search_orders('%');
select * from search_orders(''' or true --', 'note');
-- as A
select * from search_orders('a', '1) union all select 1, name, address from customer --');
-- as A
select * from internal.session;
-- as A, without context
select * from take_job('me');
select * from search_orders('');
-- as A
insert into job (pharmacy_id, kind, payload) values (802, 'label', '{}');
-- truth
select exists (select from job where pharmacy_id <> 801 and (taken_by is not null or payload = '{}')) or exists (select from internal.counter where pharmacy_id <> 801 and value <> 3);
