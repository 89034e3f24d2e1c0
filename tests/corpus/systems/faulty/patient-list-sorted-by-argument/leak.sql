-- control as A
select * from list_patients('', 'mobile desc');
-- as A
select * from list_patients('', '(select string_agg(x.full_name, '','')::int from public.patient x)');
