create or replace function note_pass(name text) returns text language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select md5(p.name || (select key from public.note_key)) from public.patient as p
  where p.name = note_pass.name and p.branch_id = nullif(current_setting('app.branch', true), '')::int
$$;
