create role zuweis_owner nologin;
create role zuweis_app login;
create schema ward authorization zuweis_owner;
set role zuweis_owner;
set search_path = ward;

create table specialty (code text primary key, title text not null);
create table icd10 (code text primary key, title text not null);
create table house (code text primary key, name text not null, ik int not null);
create table unit (house text not null references house, code text not null, title text not null, primary key (house, code));
create table patient (
  house text not null references house, no int not null, national_id text not null, full_name text not null, unit text not null,
  primary key (house, no),
  foreign key (house, unit) references unit (house, code)
);
create index on patient (house, national_id);
create table encounter (
  house text not null, patient_no int not null, no int not null, admitted date not null, icd text not null references icd10, epicrisis text not null,
  primary key (house, patient_no, no),
  foreign key (house, patient_no) references patient (house, no) on delete cascade
);
create table observation (
  house text not null, patient_no int not null, encounter_no int not null, at timestamptz not null, kind text not null, value text not null,
  primary key (house, patient_no, encounter_no, at, kind),
  foreign key (house, patient_no, encounter_no) references encounter on delete cascade
);
create table recipient (house text not null references house, no int not null, name text not null, fax text, specialty text references specialty, primary key (house, no));
create table referral (
  house text not null, id uuid not null default gen_random_uuid(), patient_no int not null, recipient_no int not null, question text not null,
  summary jsonb not null default '[]', state text not null default 'draft' check (state in ('draft', 'sent', 'answered')),
  primary key (house, id),
  foreign key (house, patient_no) references patient (house, no) on delete cascade,
  foreign key (house, recipient_no) references recipient (house, no)
);
create table referral_event (
  house text not null, referral_id uuid not null, at timestamptz not null default clock_timestamp(), state text not null, remark text,
  primary key (house, referral_id, at),
  foreign key (house, referral_id) references referral (house, id) on delete cascade
);

create function my_house() returns text language sql stable as $$
  select nullif(current_setting('ward.house', true), '')
$$;

-- A person may have several numbers: after a change of name, or admitted as unknown. The letter takes all of them together.
-- Nurses write referrals too and do not see epicrises in full, hence the owner's rights.
create function gather_summary() returns trigger language plpgsql security definer set search_path = ward, pg_temp as $$
declare
  person text;
begin
  select p.national_id into person from patient p where p.house = new.house and p.no = new.patient_no;
  select coalesce(jsonb_agg(jsonb_build_object('admitted', e.admitted, 'icd', i.title, 'epicrisis', left(e.epicrisis, 200)) order by e.admitted), '[]')
    into new.summary
    from patient p
    join encounter e on e.house = p.house and e.patient_no = p.no
    join icd10 i on i.code = e.icd
   where p.national_id = person;
  return new;
end $$;
create trigger gathered before insert on referral for each row execute function gather_summary();

create function note_state() returns trigger language plpgsql set search_path = ward, pg_temp as $$
begin
  insert into referral_event (house, referral_id, state) values (new.house, new.id, new.state);
  return null;
end $$;
create trigger state_noted after insert or update of state on referral for each row execute function note_state();

create view open_referral with (security_barrier) as
  select r.house, r.id, p.full_name, c.name as recipient, r.question, jsonb_array_length(r.summary) as encounters
    from referral r join patient p on p.house = r.house and p.no = r.patient_no join recipient c on c.house = r.house and c.no = r.recipient_no
   where r.house = my_house() and r.state <> 'answered';

insert into specialty values ('card', 'Cardiology'), ('onco', 'Oncology');
insert into icd10 values ('I10', 'Hypertension'), ('C50', 'Breast cancer'), ('F32', 'Depression');
insert into house values ('ost', 'Klinik Ost', 260100), ('west', 'Klinik West bravo', 260200), ('sued', 'Klinik Süd bravo', 260300);
insert into unit select code, 'int', 'Internal medicine, ' || name from house;
insert into patient select code, n, 'DE-88-000' || n, 'Person ' || n || ' in ' || name, 'int' from house, generate_series(1, 3) n;
insert into encounter select house, no, 1, '2025-09-01'::date + no, (array['I10', 'C50', 'F32'])[no], 'discharged well, ' || full_name from patient;
insert into observation select house, patient_no, no, '2025-09-05 07:00+00', 'RR', '130/85 ' || epicrisis from encounter;
insert into recipient select code, 1, 'Dr. Kern for ' || name, '0351 11', 'card' from house;
insert into referral (house, patient_no, recipient_no, question, state) select house, no, 1, 'second opinion, ' || full_name, 'draft' from patient where no = 1 and house <> 'ost';
insert into referral (house, patient_no, recipient_no, question, state) values ('ost', 1, 1, 'second opinion', 'sent');
-- letters of before the summary was gathered
update referral set summary = '[]';
update referral_event e set remark = r.question from referral r where r.house = e.house and r.id = e.referral_id;

alter table house enable row level security;
create policy own on house for select using (code = my_house());
do $$
declare t text;
begin
  foreach t in array array['unit', 'patient', 'encounter', 'observation', 'recipient', 'referral', 'referral_event'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy house on %I using (house = my_house())', t);
  end loop;
end $$;

grant usage on schema ward to zuweis_app;
grant select on all tables in schema ward to zuweis_app;
grant insert, update, delete on patient, encounter, observation, recipient, referral to zuweis_app;
grant insert on referral_event to zuweis_app;
reset role;
reset search_path;
