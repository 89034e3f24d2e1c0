create role pscn_owner nologin;
create role pscn_authenticated nologin;
create role pscn_gateway login noinherit;
grant pscn_authenticated to pscn_gateway;
create schema portal authorization pscn_owner;
set role pscn_owner;

create table portal.language (code text primary key, title text not null);
create table portal.icd (code text primary key, title text not null);
create table portal.substance (atc text primary key, title text not null);
create table portal.clinic (id uuid primary key, name text not null);
create table portal.staff (clinic_id uuid not null references portal.clinic, login text not null, full_name text not null, primary key (clinic_id, login));
create table portal.patient (
  clinic_id uuid not null references portal.clinic,
  no int not null,
  full_name text not null,
  born date not null,
  language text not null default 'en' references portal.language,
  primary key (clinic_id, no)
);
create table portal.problem (
  clinic_id uuid not null,
  patient_no int not null,
  icd text not null references portal.icd,
  remark text not null,
  primary key (clinic_id, patient_no, icd),
  foreign key (clinic_id, patient_no) references portal.patient (clinic_id, no) on delete cascade
);
create table portal.medication (
  clinic_id uuid not null,
  patient_no int not null,
  atc text not null references portal.substance,
  dose text not null,
  primary key (clinic_id, patient_no, atc),
  foreign key (clinic_id, patient_no) references portal.patient (clinic_id, no) on delete cascade
);
create table portal.allergy (
  clinic_id uuid not null,
  patient_no int not null,
  trigger_name text not null,
  reaction text not null,
  primary key (clinic_id, patient_no, trigger_name),
  foreign key (clinic_id, patient_no) references portal.patient (clinic_id, no) on delete cascade
);
create table portal.summary_cache (
  cache_key text primary key,
  clinic_id uuid not null references portal.clinic,
  body jsonb not null,
  built_at timestamptz not null default now()
);
create table portal.view_log (
  clinic_id uuid not null references portal.clinic,
  patient_no int not null,
  viewer text not null,
  at timestamptz not null default now()
);

create function portal.claims() returns jsonb language sql stable
  return coalesce(nullif(current_setting('request.jwt.claims', true), ''), '{}')::jsonb;
create function portal.my_clinic() returns uuid language sql stable
  return (portal.claims() ->> 'clinic_id')::uuid;

create function portal.summary_key(p_no int, p_language text) returns text language sql immutable
  return md5('summary/3/' || p_no || '/' || p_language);

create function portal.build_summary(p_clinic uuid, p_no int) returns jsonb language sql stable set search_path = portal, pg_temp as $$
  select jsonb_build_object(
    'patient', p.full_name,
    'born', p.born,
    'problems', (select jsonb_agg(i.title || ': ' || b.remark order by i.code)
      from problem b join icd i on i.code = b.icd where (b.clinic_id, b.patient_no) = (p.clinic_id, p.no)),
    'medication', (select jsonb_agg(s.title || ' ' || m.dose order by s.atc)
      from medication m join substance s using (atc) where (m.clinic_id, m.patient_no) = (p.clinic_id, p.no)),
    'allergies', (select jsonb_agg(a.trigger_name || ': ' || a.reaction order by a.trigger_name)
      from allergy a where (a.clinic_id, a.patient_no) = (p.clinic_id, p.no)))
  from patient p where p.clinic_id = p_clinic and p.no = p_no
$$;
revoke execute on function portal.build_summary(uuid, int) from public;

-- five joins for every tile of the waiting list were too slow; a summary is built once and kept until something changes
create function portal.patient_summary(p_no int) returns jsonb language plpgsql security definer set search_path = portal, pg_temp as $$
declare
  lang text;
  key text;
  found_body jsonb;
begin
  select language into lang from patient where clinic_id = my_clinic() and no = p_no;
  if not found then
    raise exception 'no such patient' using errcode = 'no_data_found';
  end if;
  insert into view_log (clinic_id, patient_no, viewer) values (my_clinic(), p_no, coalesce(claims() ->> 'sub', '?'));
  key := summary_key(p_no, lang);
  select body into found_body from summary_cache where cache_key = key;
  if found_body is null then
    found_body := build_summary(my_clinic(), p_no);
    insert into summary_cache (cache_key, clinic_id, body) values (key, my_clinic(), found_body) on conflict (cache_key) do nothing;
  end if;
  return found_body;
end $$;

create function portal.forget_summary() returns trigger language plpgsql security definer set search_path = portal, pg_temp as $$
declare
  touched jsonb := case tg_op when 'DELETE' then to_jsonb(old) else to_jsonb(new) end;
begin
  delete from summary_cache c
   using language l
   where c.clinic_id = (touched ->> 'clinic_id')::uuid
     and c.cache_key = summary_key(coalesce(touched ->> 'patient_no', touched ->> 'no')::int, l.code);
  return null;
end $$;
revoke execute on function portal.forget_summary() from public;
create trigger forget_summary after update or delete on portal.patient for each row execute function portal.forget_summary();
create trigger forget_summary after insert or update or delete on portal.problem for each row execute function portal.forget_summary();
create trigger forget_summary after insert or update or delete on portal.medication for each row execute function portal.forget_summary();
create trigger forget_summary after insert or update or delete on portal.allergy for each row execute function portal.forget_summary();

insert into portal.language values ('en', 'English'), ('cy', 'Welsh');
insert into portal.icd values ('E11', 'Type 2 diabetes'), ('I10', 'Hypertension');
insert into portal.substance values ('A10BA02', 'Metformin'), ('C09AA05', 'Ramipril');
insert into portal.clinic values
  ('a0000000-0000-4000-8000-000000000001', 'Aber'),
  ('b0000000-0000-4000-8000-000000000002', 'Brecon bravo'),
  ('c0000000-0000-4000-8000-000000000003', 'Cardigan bravo');
insert into portal.staff select id, 'reception', 'Reception of ' || name from portal.clinic;
insert into portal.patient (clinic_id, no, full_name, born)
  select id, n, 'Patient ' || n || ' of ' || name, '1961-02-03' from portal.clinic, generate_series(1, 4) n;
insert into portal.problem select clinic_id, no, 'E11', 'since 2009, ' || full_name from portal.patient;
insert into portal.medication select clinic_id, no, 'A10BA02', '2 a day, ' || full_name from portal.patient;
insert into portal.allergy select clinic_id, no, 'Penicillin, says ' || full_name, 'Rash, says ' || full_name from portal.patient;
insert into portal.view_log select clinic_id, no, 'reception, for ' || full_name, '2026-01-05' from portal.patient where no = 1;
insert into portal.summary_cache (cache_key, clinic_id, body)
  select portal.summary_key(no, language), clinic_id, portal.build_summary(clinic_id, no)
    from portal.patient
   where (no = 2 and full_name like '%Brecon%') or (no = 3 and full_name like '%Cardigan%') or (no = 4 and full_name like '%Aber%');

alter table portal.clinic enable row level security;
create policy own on portal.clinic for select using (id = portal.my_clinic());
do $$
declare t text;
begin
  foreach t in array array['staff', 'patient', 'problem', 'medication', 'allergy', 'summary_cache', 'view_log'] loop
    execute format('alter table portal.%I enable row level security', t);
    execute format('create policy own on portal.%I using (clinic_id = portal.my_clinic())', t);
  end loop;
end $$;

grant usage on schema portal to pscn_authenticated;
grant select on portal.language, portal.icd, portal.substance, portal.clinic, portal.staff, portal.view_log to pscn_authenticated;
grant select, insert, update, delete on portal.patient, portal.problem, portal.medication, portal.allergy to pscn_authenticated;
reset role;
