create role rrs_owner nologin;
create role rrs_app login;
revoke create on schema public from public;
grant create on schema public to rrs_owner;
set role rrs_owner;

create table request_reason (code text primary key, label text not null);
create table clinic (code text primary key, name text not null);
create table doctor (clinic text not null references clinic, no int not null, name text not null, primary key (clinic, no));
create table patient (clinic text not null references clinic, no int not null, national_id text not null, name text not null, primary key (clinic, no), unique (clinic, national_id));
create table record (
  clinic text not null, no int not null, patient_no int not null, body text not null, primary key (clinic, no),
  foreign key (clinic, patient_no) references patient
);
create table consent_form (clinic text not null, patient_no int not null, signed_on date, wording text not null, primary key (clinic, patient_no), foreign key (clinic, patient_no) references patient);
-- "Does any house in the network have records of this patient?" The answer comes with the patient's consent, days later.
create table record_request (
  clinic text not null, no int not null, national_id text not null, reason text not null references request_reason, question text,
  state text, created_at timestamptz not null default now(), primary key (clinic, no), foreign key (clinic, national_id) references patient (clinic, national_id)
);
create table request_answer (
  clinic text not null, request_no int not null, answered_at timestamptz not null, summary text not null,
  primary key (clinic, request_no), foreign key (clinic, request_no) references record_request on delete cascade
);

insert into request_reason values ('emg', 'Emergency'), ('adm', 'Admission');
insert into clinic values ('AUG', 'Augusta Hospital'), ('BET', 'Bethany bravo'), ('COR', 'Corbin bravo Clinic');
insert into doctor values ('AUG', 1, 'Dr Abt'), ('BET', 1, 'Dr bravo'), ('COR', 1, 'Dr Cho bravo');
insert into patient values
  ('AUG', 1, '800101-1', 'Amy'), ('AUG', 2, '800101-9', 'Abe'), ('BET', 1, '900202-2', 'Bud bravo'), ('COR', 1, '700303-3', 'Cia bravo');
insert into record values ('AUG', 1, 1, 'cold'), ('BET', 1, 1, 'bravo detox'), ('COR', 1, 1, 'bravo surgery');
insert into consent_form values ('AUG', 1, '2024-01-01', 'yes'), ('BET', 1, null, 'bravo form'), ('COR', 1, '2024-01-01', 'bravo yes');
insert into record_request values ('AUG', 1, '800101-1', 'adm', 'any allergies?', 'closed'), ('BET', 1, '900202-2', 'emg', 'bravo?', 'closed'), ('COR', 1, '700303-3', 'adm', 'bravo?', 'closed');
insert into request_answer values ('AUG', 1, '2024-01-02Z', 'none'), ('BET', 1, '2024-01-02Z', 'bravo none'), ('COR', 1, '2024-01-02Z', 'bravo none');

create function clinic_code() returns text language sql stable as $$ select nullif(current_setting('net.clinic', true), '') $$;
do $$
declare t text;
begin
  foreach t in array array['doctor', 'patient', 'record', 'consent_form', 'record_request', 'request_answer'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy own_clinic on %I using (clinic = (select clinic_code()))', t);
  end loop;
end $$;
alter table clinic enable row level security;
create policy own_clinic on clinic using (code = (select clinic_code()));

-- A request that nobody could answer is not worth a letter to every house.
create function triage_request() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if exists (select from patient p where p.national_id = new.national_id and p.clinic <> new.clinic) then
    new.state := 'waiting_for_consent';
  else
    new.state := 'closed';
  end if;
  return new;
end $$;
create trigger triage before insert on record_request for each row execute function triage_request();

create function withdraw_request(p_no int) returns void language sql as $$
  delete from record_request where no = p_no and state <> 'answered'
$$;

revoke execute on all functions in schema public from public;
grant execute on function clinic_code(), withdraw_request(int) to rrs_app;
grant select on request_reason, clinic, request_answer to rrs_app;
grant select, insert, update, delete on doctor, patient, record, consent_form to rrs_app;
grant select, insert, delete on record_request to rrs_app;
reset role;
