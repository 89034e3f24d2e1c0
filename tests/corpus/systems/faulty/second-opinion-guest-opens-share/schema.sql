create role opinio_owner nologin;
create role opinio_member nologin;
create role opinio_app login noinherit;
grant opinio_member to opinio_app;
create schema opinio authorization opinio_owner;
set role opinio_owner;
set search_path = opinio;

create table speciality (code text primary key, title text not null);
create table clinic (id bigint primary key, name text not null, city text not null);
create table clinician (clinic_id bigint not null references clinic, no int not null, name text not null, speciality text references speciality, primary key (clinic_id, no));
create table patient_case (
  clinic_id bigint not null references clinic, case_no int not null, patient_name text not null, question text not null,
  speciality text not null references speciality, treating_no int, opened_on date not null default current_date,
  primary key (clinic_id, case_no), foreign key (clinic_id, treating_no) references clinician (clinic_id, no));
create table case_document (
  clinic_id bigint not null, case_no int not null, no int not null, title text not null, body text not null, primary key (clinic_id, case_no, no),
  foreign key (clinic_id, case_no) references patient_case (clinic_id, case_no) on delete cascade);
create table case_finding (
  clinic_id bigint not null, case_no int not null, no int not null, loinc text, finding text not null, primary key (clinic_id, case_no, no),
  foreign key (clinic_id, case_no) references patient_case (clinic_id, case_no) on delete cascade);
create type share_state as enum ('requested', 'active', 'ended');
-- the guest asks by the number on the referral letter, perhaps before the case was entered; hence no foreign key
create table case_share (
  clinic_id bigint not null, case_no int not null, guest_clinic_id bigint not null, state share_state not null default 'requested',
  reason text not null, expires_at timestamptz not null default now() + interval '30 days', changed_at timestamptz not null default now(),
  primary key (clinic_id, case_no, guest_clinic_id), check (guest_clinic_id <> clinic_id));
create index on case_share (guest_clinic_id);
create table billing_item (clinic_id bigint not null references clinic, no int not null, goae text not null, text text not null, cents int not null, primary key (clinic_id, no));
create table audit_event (clinic_id bigint not null references clinic, at timestamptz not null default clock_timestamp(), who text not null, what text not null);

insert into speciality values ('onc', 'Oncology'), ('ort', 'Orthopaedics');
insert into clinic values (101, 'Rheinblick', 'Bonn'), (102, 'Am Deich bravo', 'Husum bravo'), (103, 'Talklinik bravo', 'Jena bravo'), (900, 'University hospital bravo', 'Ulm bravo');
insert into clinician select id, 1, 'Dr. Weiß, ' || name, 'onc' from clinic;
insert into patient_case (clinic_id, case_no, patient_name, question, speciality, treating_no)
  select id, n, 'Patient ' || n || ' of ' || name, 'Operate or wait? ' || city, 'onc', 1 from clinic, generate_series(1, 3) n;
insert into case_document select clinic_id, case_no, 1, 'Letter about ' || patient_name, 'Staging pT2, ' || patient_name from patient_case;
insert into case_finding select clinic_id, case_no, 1, '2857-1', 'PSA raised, ' || patient_name from patient_case;
insert into case_share (clinic_id, case_no, guest_clinic_id, state, reason)
  select id, 1, 900, 'active'::share_state, 'Tumour board, ' || name from clinic where id < 900
  union all select id, 2, 900, 'requested'::share_state, 'Second opinion asked, ' || name from clinic where id < 900;
insert into billing_item select id, 1, '60', 'Consilium ' || name, 2413 from clinic;
insert into audit_event (clinic_id, who, what) select clinic_id, name, 'opened by ' || name from clinician;

create function my_clinic() returns bigint language sql stable as $$
  select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'clinic_id')::bigint
$$;
create function is_guest(of_clinic bigint, of_case int) returns boolean language sql stable set search_path = opinio, pg_temp as $$
  select exists (select from case_share s where s.clinic_id = of_clinic and s.case_no = of_case
    and s.guest_clinic_id = my_clinic() and s.state = 'active' and s.expires_at > now())
$$;

do $$
declare t text;
begin
  foreach t in array array['clinician', 'patient_case', 'case_document', 'case_finding', 'billing_item'] loop
    execute format('alter table %I enable row level security, force row level security', t);
    execute format('create policy own on %I to opinio_member using (clinic_id = my_clinic()) with check (clinic_id = my_clinic())', t);
  end loop;
  foreach t in array array['patient_case', 'case_document', 'case_finding'] loop
    execute format('create policy guest_reads on %I for select to opinio_member using (is_guest(clinic_id, case_no))', t);
  end loop;
end $$;

alter table clinic enable row level security, force row level security;
create policy own on clinic for select to opinio_member using (id = my_clinic());
alter table audit_event enable row level security, force row level security;
create policy own_reads on audit_event for select to opinio_member using (clinic_id = my_clinic());
create policy own_adds on audit_event for insert to opinio_member with check (clinic_id = my_clinic());

-- both sides see a share; the owner invites, or the guest asks and the owner answers
alter table case_share enable row level security, force row level security;
create policy both_sides on case_share for select to opinio_member using (my_clinic() in (clinic_id, guest_clinic_id));
create policy invite_or_ask on case_share for insert to opinio_member with check (my_clinic() in (clinic_id, guest_clinic_id));
create policy owner_answers on case_share for update to opinio_member using (clinic_id = my_clinic()) with check (clinic_id = my_clinic());
create policy owner_removes on case_share for delete to opinio_member using (clinic_id = my_clinic());

grant usage on schema opinio to opinio_member;
grant select on clinic, speciality, clinician, patient_case, case_document, case_finding, case_share, billing_item, audit_event to opinio_member;
grant insert, update, delete on clinician, patient_case, case_document, case_finding, billing_item to opinio_member;
grant insert, delete, update (state, reason, expires_at) on case_share to opinio_member;
grant insert on audit_event to opinio_member;
reset search_path;
reset role;
