create role dcn_owner nologin;
create role dcn_app login;
revoke create on schema public from public;
grant create on schema public to dcn_owner;
set role dcn_owner;

create table vaccine (code text primary key, label text not null);
create table site (id uuid primary key, name text not null);
create table patient (
  site_id uuid not null references site, id uuid not null default gen_random_uuid(), insurance_no text, name text not null, born date,
  primary key (site_id, id)
);
create table guardian (
  site_id uuid not null, patient_id uuid not null, name text not null, phone text,
  foreign key (site_id, patient_id) references patient on delete cascade
);
create table slot (site_id uuid not null references site, starts_at timestamptz not null, room text not null, primary key (site_id, starts_at, room));
create table vaccination (
  site_id uuid not null, id uuid not null default gen_random_uuid(), patient_id uuid not null, vaccine text not null references vaccine,
  lot text, given_on date not null default current_date,
  primary key (site_id, id), foreign key (site_id, patient_id) references patient
);
create table consent (site_id uuid not null, patient_id uuid not null, text_shown text not null, signed_at timestamptz, foreign key (site_id, patient_id) references patient on delete cascade);
create table patient_history (site_id uuid not null references site, patient_id uuid not null, at timestamptz not null default clock_timestamp(), old_row jsonb not null);

insert into vaccine values ('mmr', 'Measles, mumps, rubella'), ('hpv', 'HPV');
insert into site values
  ('10000000-0000-4000-8000-000000000001', 'Site One'), ('20000000-0000-4000-8000-000000000002', 'Site bravo'), ('30000000-0000-4000-8000-000000000003', 'bravo Bus');
insert into patient values
  ('10000000-0000-4000-8000-000000000001', '11000000-0000-4000-8000-000000000001', 'A100', 'Alma', '2015-01-01'),
  ('20000000-0000-4000-8000-000000000002', '21000000-0000-4000-8000-000000000001', 'B200', 'Boris bravo', '2014-05-06'),
  ('30000000-0000-4000-8000-000000000003', '31000000-0000-4000-8000-000000000001', 'C300', 'Clara bravo', '2013-07-08');
insert into guardian values
  ('10000000-0000-4000-8000-000000000001', '11000000-0000-4000-8000-000000000001', 'Mum', '1'),
  ('20000000-0000-4000-8000-000000000002', '21000000-0000-4000-8000-000000000001', 'Mum bravo', '2'),
  ('30000000-0000-4000-8000-000000000003', '31000000-0000-4000-8000-000000000001', 'Dad bravo', '3');
insert into slot values
  ('10000000-0000-4000-8000-000000000001', '2031-01-01 09:00Z', 'r1'),
  ('20000000-0000-4000-8000-000000000002', '2031-01-01 09:00Z', 'bravo room'),
  ('30000000-0000-4000-8000-000000000003', '2031-01-01 09:00Z', 'bravo bus');
insert into vaccination values
  ('10000000-0000-4000-8000-000000000001', '12000000-0000-4000-8000-000000000001', '11000000-0000-4000-8000-000000000001', 'mmr', 'L1', '2024-01-01'),
  ('20000000-0000-4000-8000-000000000002', '22000000-0000-4000-8000-000000000001', '21000000-0000-4000-8000-000000000001', 'hpv', 'bravo L2', '2024-01-01'),
  ('30000000-0000-4000-8000-000000000003', '32000000-0000-4000-8000-000000000001', '31000000-0000-4000-8000-000000000001', 'hpv', 'bravo L3', '2024-01-01');
insert into consent values
  ('10000000-0000-4000-8000-000000000001', '11000000-0000-4000-8000-000000000001', 'I agree', '2024-01-01Z'),
  ('20000000-0000-4000-8000-000000000002', '21000000-0000-4000-8000-000000000001', 'bravo: I agree', '2024-01-01Z'),
  ('30000000-0000-4000-8000-000000000003', '31000000-0000-4000-8000-000000000001', 'bravo: I agree', '2024-01-01Z');
insert into patient_history (site_id, patient_id, old_row) values
  ('10000000-0000-4000-8000-000000000001', '11000000-0000-4000-8000-000000000001', '{"name": "Elma"}'),
  ('20000000-0000-4000-8000-000000000002', '21000000-0000-4000-8000-000000000001', '{"name": "Borys bravo"}'),
  ('30000000-0000-4000-8000-000000000003', '31000000-0000-4000-8000-000000000001', '{"name": "Klara bravo"}');

create function site() returns uuid language sql stable as $$ select nullif(current_setting('vax.site', true), '')::uuid $$;
alter table site enable row level security;
create policy own_site on site using (id = (select public.site()));
do $$
declare t text;
begin
  foreach t in array array['patient', 'guardian', 'slot', 'vaccination', 'consent', 'patient_history'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy own_site on %I using (site_id = (select public.site())) with check (site_id = (select public.site()))', t);
  end loop;
end $$;

-- The desk must not enter a child twice, and must see at once which chart to open instead.
create function patient_no_duplicate() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  other patient;
begin
  if new.insurance_no is null then
    return new;
  end if;
  select * into other from patient p where p.insurance_no = new.insurance_no and p.id <> new.id limit 1;
  if found then
    raise exception 'insurance number % already belongs to %', new.insurance_no, other.name
      using errcode = 'unique_violation', detail = format('Open the chart of %s, born %s.', other.name, other.born);
  end if;
  return new;
end $$;
create trigger no_duplicate before insert or update of insurance_no on patient for each row execute function patient_no_duplicate();

create function keep_history() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  insert into patient_history (site_id, patient_id, old_row) values (old.site_id, old.id, to_jsonb(old));
  return null;
end $$;
create trigger keep_history after update on patient for each row execute function keep_history();

revoke execute on all functions in schema public from public;
grant execute on function public.site() to dcn_app;
grant select on vaccine, site, patient_history to dcn_app;
grant select, insert, update, delete on patient, guardian, slot, vaccination, consent to dcn_app;
reset role;
