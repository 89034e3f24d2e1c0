-- control as A
select jsonb_build_object('hits', jsonb_agg(shown), 'total', count(*)) from med.search_row where words @@ 'hepatitis';
select * from med.diagnosis where wording like 'hepatitis%';
-- as A
select med.search_patients('hepatitis');
