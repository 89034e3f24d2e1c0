create or replace function write_letters() returns int language sql security definer set search_path = pg_catalog, pg_temp as $$
  with written as (
    update public.letter as l set words = (
      select 'Dear ' || p.name from public.patient as p where p.id = l.patient_id and p.branch_id = l.branch_id)
    where l.branch_id = nullif(current_setting('app.branch', true), '')::int and l.words is null returning 1)
  select count(*)::int from written
$$;
