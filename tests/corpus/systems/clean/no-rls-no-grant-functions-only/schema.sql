create role nrng_owner nologin;
create role nrng_app login;
create schema store authorization nrng_owner;
create schema api authorization nrng_owner;
set role nrng_owner;
create table store.run (base_id uuid not null, run_no text not null, patient text not null, pickup text, primary key (base_id, run_no));
insert into store.run values ('a4000000-0000-4000-8000-000000000001', 'R1', 'Ashok', 'station'), ('a4000000-0000-4000-8000-000000000002', 'R1', 'Bela bravo', 'bravo market');
create function api.base() returns uuid language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare base uuid := nullif(current_setting('nrng.base', true), '')::uuid;
begin
  if base is null then raise exception 'no base in this session'; end if;
  return base;
end $$;
create function api.runs() returns table (run_no text, patient text, pickup text) language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select r.run_no, r.patient, r.pickup from store.run r where r.base_id = api.base() $$;
create function api.run(run_no text) returns table (patient text, pickup text) language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select r.patient, r.pickup from store.run r where r.base_id = api.base() and r.run_no = run.run_no $$;
create function api.add_run(run_no text, patient text, pickup text) returns void language sql security definer set search_path = pg_catalog, pg_temp as
$$ insert into store.run values (api.base(), $1, $2, $3) $$;
create function api.drop_run(run_no text) returns boolean language sql security definer set search_path = pg_catalog, pg_temp as
$$ with gone as (delete from store.run r where r.base_id = api.base() and r.run_no = $1 returning 1) select exists (select from gone) $$;
revoke execute on all functions in schema api from public;
grant usage on schema api to nrng_app;
grant execute on all functions in schema api to nrng_app;
reset role;
