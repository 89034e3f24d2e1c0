create role dcrm_owner nologin;
create role dcrm_app login;
revoke create on schema public from public;
alter schema public owner to dcrm_owner;
set role dcrm_owner;

create table clinic (id uuid primary key, name text not null);
create table operation_kind (code text primary key, title text not null, minutes int not null);
create table anaesthesia_kind (code text primary key, title text not null);
create table room (clinic_id uuid not null references clinic, room_no int not null, name text not null, primary key (clinic_id, room_no));
create table surgeon (clinic_id uuid not null references clinic, surgeon_no int not null, name text not null, primary key (clinic_id, surgeon_no));
create table patient (clinic_id uuid not null references clinic, patient_no int not null, name text not null, allergies text, primary key (clinic_id, patient_no));
create table operation (
  clinic_id uuid not null,
  id uuid not null default gen_random_uuid(),
  room_no int not null,
  surgeon_no int not null,
  patient_no int not null,
  kind text not null references operation_kind,
  during tstzrange not null,
  remark text,
  primary key (clinic_id, id),
  foreign key (clinic_id, room_no) references room,
  foreign key (clinic_id, surgeon_no) references surgeon,
  foreign key (clinic_id, patient_no) references patient,
  -- No btree_gist on the hosted server: the number becomes a range of one.
  constraint operation_room_is_free exclude using gist (int4range(room_no, room_no, '[]') with &&, during with &&)
);
create table operation_staff (clinic_id uuid not null, operation_id uuid not null, person text not null, duty text not null, primary key (clinic_id, operation_id, person), foreign key (clinic_id, operation_id) references operation on delete cascade);
create table consent (clinic_id uuid not null, patient_no int not null, signed_on date not null, body text not null, primary key (clinic_id, patient_no, signed_on), foreign key (clinic_id, patient_no) references patient);
create table waiting_list (clinic_id uuid not null, patient_no int not null, kind text not null references operation_kind, wish text, primary key (clinic_id, patient_no, kind), foreign key (clinic_id, patient_no) references patient);
create table journal (clinic_id uuid not null references clinic, at timestamptz not null default clock_timestamp(), entry text not null);

insert into clinic values ('dc000000-0000-4000-8000-000000000001', 'Am Park'), ('dc000000-0000-4000-8000-000000000002', 'bravo Tagesklinik'), ('dc000000-0000-4000-8000-000000000003', 'bravo OP-Zentrum');
insert into operation_kind values ('cat', 'Cataract', 30), ('kne', 'Arthroscopy', 60);
insert into anaesthesia_kind values ('loc', 'Local'), ('gen', 'General');
insert into room values ('dc000000-0000-4000-8000-000000000001', 1, 'blue'), ('dc000000-0000-4000-8000-000000000001', 2, 'green'), ('dc000000-0000-4000-8000-000000000002', 1, 'bravo one'), ('dc000000-0000-4000-8000-000000000003', 2, 'bravo two');
insert into surgeon values ('dc000000-0000-4000-8000-000000000001', 1, 'Dr. Ahn'), ('dc000000-0000-4000-8000-000000000002', 1, 'Dr. bravo'), ('dc000000-0000-4000-8000-000000000003', 1, 'Dr. Y. bravo');
insert into patient values ('dc000000-0000-4000-8000-000000000001', 1, 'Elke Ernst', 'none'), ('dc000000-0000-4000-8000-000000000002', 1, 'Finn bravo', 'bravo latex'), ('dc000000-0000-4000-8000-000000000003', 1, 'Gabi bravo', 'bravo iodine');
insert into operation (clinic_id, id, room_no, surgeon_no, patient_no, kind, during, remark) values
  ('dc000000-0000-4000-8000-000000000001', '0f000000-0000-4000-8000-000000000001', 1, 1, 1, 'cat', '[2026-07-01 08:00+00,2026-07-01 09:00+00)', 'left'),
  ('dc000000-0000-4000-8000-000000000002', '0f000000-0000-4000-8000-000000000002', 1, 1, 1, 'kne', '[2026-07-02 08:00+00,2026-07-02 09:30+00)', 'bravo right'),
  ('dc000000-0000-4000-8000-000000000003', '0f000000-0000-4000-8000-000000000003', 2, 1, 1, 'cat', '[2026-07-03 08:00+00,2026-07-03 09:00+00)', 'bravo left');
insert into operation_staff values ('dc000000-0000-4000-8000-000000000001', '0f000000-0000-4000-8000-000000000001', 'Lea', 'nurse'), ('dc000000-0000-4000-8000-000000000002', '0f000000-0000-4000-8000-000000000002', 'Mo bravo', 'nurse'), ('dc000000-0000-4000-8000-000000000003', '0f000000-0000-4000-8000-000000000003', 'Noa bravo', 'nurse');
insert into consent values ('dc000000-0000-4000-8000-000000000001', 1, '2026-06-01', 'I agree'), ('dc000000-0000-4000-8000-000000000002', 1, '2026-06-01', 'bravo I agree'), ('dc000000-0000-4000-8000-000000000003', 1, '2026-06-01', 'bravo I agree');
insert into waiting_list values ('dc000000-0000-4000-8000-000000000001', 1, 'kne', 'autumn'), ('dc000000-0000-4000-8000-000000000002', 1, 'cat', 'bravo soon'), ('dc000000-0000-4000-8000-000000000003', 1, 'kne', 'bravo soon');
insert into journal (clinic_id, entry) values ('dc000000-0000-4000-8000-000000000001', 'planned'), ('dc000000-0000-4000-8000-000000000002', 'bravo planned'), ('dc000000-0000-4000-8000-000000000003', 'bravo planned');

create function clinic_id() returns uuid language sql stable as $$ select nullif(current_setting('dcrm.clinic', true), '')::uuid $$;
do $$
declare t text;
begin
  foreach t in array array['room', 'surgeon', 'patient', 'operation', 'operation_staff', 'consent', 'waiting_list', 'journal'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy of_clinic on %I using (clinic_id = (select public.clinic_id())) with check (clinic_id = (select public.clinic_id()))', t);
  end loop;
end $$;
alter table clinic enable row level security;
create policy of_clinic on clinic using (id = (select public.clinic_id()));

create function plan_next(p_kind text, p_room int, p_from timestamptz) returns uuid language plpgsql as $$
declare
  w waiting_list;
  made uuid;
begin
  select * into w from waiting_list where kind = p_kind order by patient_no limit 1;
  if not found then
    return null;
  end if;
  insert into operation (clinic_id, room_no, surgeon_no, patient_no, kind, during)
  select clinic_id(), p_room, (select min(surgeon_no) from surgeon), w.patient_no, p_kind,
         tstzrange(p_from, p_from + make_interval(mins => k.minutes))
    from operation_kind k where k.code = p_kind
  returning id into made;
  insert into journal (clinic_id, entry) values (clinic_id(), 'planned ' || p_kind);
  return made;
end $$;

revoke all on all functions in schema public from public;
grant execute on all functions in schema public to dcrm_app;
grant select on all tables in schema public to dcrm_app;
grant insert, update, delete on room, surgeon, patient, operation, operation_staff, consent, waiting_list to dcrm_app;
grant insert on journal to dcrm_app;
reset role;
