create role formul_owner nologin;
create role formul_app login;
create schema rx authorization formul_owner;
set role formul_owner;
set search_path = rx;

create table atc (code text primary key, title text not null);
create table dose_form (code text primary key, title text not null);
create table hospital (hospital_id uuid primary key, name text not null);
create table ward (hospital_id uuid not null references hospital, code text not null, title text not null, primary key (hospital_id, code));
create table patient (
  hospital_id uuid not null, case_no int not null, ward text not null, full_name text not null,
  primary key (hospital_id, case_no),
  foreign key (hospital_id, ward) references ward (hospital_id, code)
);
-- The zero hospital keeps the drugs that all have; each adds its own mixtures.
create function common() returns uuid language sql immutable as $$ select '00000000-0000-0000-0000-000000000000'::uuid $$;
create function my_hospital() returns uuid language sql stable as $$ select nullif(current_setting('rx.hospital', true), '')::uuid $$;
create table drug (
  hospital_id uuid not null references hospital, code text not null, title text not null, atc text references atc, form text not null references dose_form,
  price numeric, recipe text,
  primary key (hospital_id, code)
);
create table interaction (
  hospital_id uuid not null references hospital, code text not null, atc text not null references atc, warning text not null,
  primary key (hospital_id, code, atc),
  foreign key (hospital_id, code) references drug (hospital_id, code) on delete cascade
);
create table prescription (
  hospital_id uuid not null, id uuid not null default gen_random_uuid(), case_no int not null, reason text,
  primary key (hospital_id, id),
  foreign key (hospital_id, case_no) references patient (hospital_id, case_no) on delete cascade
);
create table prescription_line (
  hospital_id uuid not null, prescription_id uuid not null, line int not null, drug_hospital_id uuid not null, drug_code text not null, dose text not null,
  primary key (hospital_id, prescription_id, line),
  foreign key (hospital_id, prescription_id) references prescription (hospital_id, id) on delete cascade,
  foreign key (drug_hospital_id, drug_code) references drug (hospital_id, code),
  constraint own_or_common_drug check (drug_hospital_id in (hospital_id, common()))
);

-- The screen sorts by any column; only these three get into the text of the query.
create function search_drugs(term text, sort_by text default 'title') returns table (code text, title text, price numeric, is_own boolean)
  language plpgsql stable security definer set search_path = rx, pg_temp as $$
begin
  if sort_by not in ('title', 'code', 'price') then
    raise exception 'cannot sort by that column' using errcode = '22023', hint = 'Sort by title, code or price.';
  end if;
  return query execute format(
    'select d.code, d.title, d.price, d.hospital_id = $1 from drug d where d.hospital_id in ($1, common()) and d.title ilike $2 order by d.%I, d.code', sort_by)
    using my_hospital(), '%' || term || '%';
end $$;

create view ward_chart with (security_barrier) as
  select p.hospital_id, w.title as ward, p.full_name, d.title as drug, l.dose
    from prescription_line l
    join prescription r on r.hospital_id = l.hospital_id and r.id = l.prescription_id
    join patient p on p.hospital_id = r.hospital_id and p.case_no = r.case_no
    join ward w on w.hospital_id = p.hospital_id and w.code = p.ward
    join drug d on d.hospital_id = l.drug_hospital_id and d.code = l.drug_code
   where l.hospital_id = my_hospital();

insert into atc values ('N02BE01', 'Paracetamol'), ('B01AC06', 'Acetylsalicylic acid');
insert into dose_form values ('TAB', 'Tablet'), ('OINT', 'Ointment');
insert into hospital values (common(), 'all hospitals'),
  ('4b000000-0000-4000-8000-000000000001', 'St. Elisabeth'), ('4b000000-0000-4000-8000-000000000002', 'Clinic bravo'), ('4b000000-0000-4000-8000-000000000003', 'University bravo');
insert into ward select hospital_id, 'S1', 'Surgery 1, ' || name from hospital where hospital_id <> common();
insert into patient select w.hospital_id, n, w.code, 'Patient ' || n || ', ' || w.title from ward w, generate_series(1, 3) n;
insert into drug values (common(), 'PARA500', 'Paracetamol 500', 'N02BE01', 'TAB', 1.2, null), (common(), 'ASS100', 'ASS 100', 'B01AC06', 'TAB', 0.9, null);
insert into drug select hospital_id, 'OINT1', 'House ointment of ' || name, null, 'OINT', 4, 'zinc, lanolin; ' || name from hospital where hospital_id <> common();
insert into interaction values (common(), 'PARA500', 'B01AC06', 'stomach');
insert into interaction select hospital_id, code, 'B01AC06', 'not with ' || title from drug where hospital_id <> common();
insert into prescription (hospital_id, case_no, reason) select hospital_id, case_no, 'pain, ' || full_name from patient;
insert into prescription_line select r.hospital_id, r.id, 1, case r.case_no when 1 then r.hospital_id else common() end, case r.case_no when 1 then 'OINT1' else 'PARA500' end, '1-0-1, ' || r.reason from prescription r;

alter table hospital enable row level security;
create policy seen on hospital for select using (hospital_id in (my_hospital(), common()));
do $$
declare t text;
begin
  foreach t in array array['ward', 'patient', 'prescription', 'prescription_line'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy own on %I using (hospital_id = my_hospital())', t);
  end loop;
  foreach t in array array['drug', 'interaction'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy own_and_common on %I for select using (hospital_id = my_hospital() or hospital_id = common() and my_hospital() is not null)', t);
    execute format('create policy adds on %I for insert with check (hospital_id = my_hospital() and hospital_id <> common())', t);
    execute format('create policy changes on %I for update using (hospital_id = my_hospital() and hospital_id <> common())', t);
    execute format('create policy removes on %I for delete using (hospital_id = my_hospital() and hospital_id <> common())', t);
  end loop;
end $$;

grant usage on schema rx to formul_app;
grant select on all tables in schema rx to formul_app;
grant insert, update, delete on ward, patient, drug, interaction, prescription, prescription_line to formul_app;
revoke execute on function search_drugs(text, text) from public;
grant execute on function search_drugs(text, text) to formul_app;
reset role;
reset search_path;
