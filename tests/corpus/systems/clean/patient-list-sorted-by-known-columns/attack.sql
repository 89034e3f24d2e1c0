-- as A
select * from list_patients('', '(select string_agg(x.full_name, '','')::int from public.patient x)');
-- as A
select * from list_patients('''', '-uhid');
select * from list_patients(''' or true --', 'uhid; select 1');
-- as A
select * from list_patients('%'' union all select uhid, full_name, mobile, 0 from public.patient --');
-- as A
select * from list_patients(E'\\'' or true --', '--full_name');
select * from list_patients('B', null, 1000);
