create role bwph_owner nologin;
create role bwph_widget login;
create schema booking authorization bwph_owner;
create schema auth authorization bwph_owner;
set role bwph_owner;

create table booking.practice (id uuid primary key, name text not null, specialty text not null);
create table auth.session (token_hash text primary key, practice_id uuid not null references booking.practice, device text not null, expires_at timestamptz not null);
create table booking.visit_reason (code text primary key, label text not null, minutes int not null);
create table booking.insurance_kind (code text primary key, label text not null);
create table booking.doctor (practice_id uuid not null references booking.practice, doctor_no int not null, name text not null, primary key (practice_id, doctor_no));
create table booking.slot (practice_id uuid not null, slot_no int not null, doctor_no int not null, starts timestamptz not null, taken boolean not null default false, label text not null, primary key (practice_id, slot_no), foreign key (practice_id, doctor_no) references booking.doctor);
create table booking.patient (practice_id uuid not null references booking.practice, patient_no int not null, full_name text not null, phone text not null, born date, insurance text references booking.insurance_kind, remark text, primary key (practice_id, patient_no), unique (practice_id, phone));
create table booking.request (
  practice_id uuid not null,
  request_no int not null,
  slot_no int not null,
  reason text not null references booking.visit_reason,
  phone text not null,
  full_name text,
  born date,
  insurance text,
  created_at timestamptz not null default now(),
  primary key (practice_id, request_no),
  foreign key (practice_id, slot_no) references booking.slot
);
create table booking.request_event (practice_id uuid not null, request_no int not null, at timestamptz not null default clock_timestamp(), what text not null, foreign key (practice_id, request_no) references booking.request on delete cascade);
create table booking.reminder (practice_id uuid not null, request_no int not null, channel text not null, body text not null, primary key (practice_id, request_no, channel), foreign key (practice_id, request_no) references booking.request on delete cascade);

insert into booking.practice values
  ('a1000000-0000-4000-8000-000000000001', 'Dr. Klee', 'skin'),
  ('a1000000-0000-4000-8000-000000000002', 'Dr. bravo', 'bravo psychiatry'),
  ('a1000000-0000-4000-8000-000000000003', 'Dr. Moll bravo', 'bravo eyes');
insert into auth.session values
  (encode(sha256('klee-7d1f'), 'hex'), 'a1000000-0000-4000-8000-000000000001', 'front desk', '2099-01-01'),
  (encode(sha256('brav-93aa'), 'hex'), 'a1000000-0000-4000-8000-000000000002', 'bravo desk', '2099-01-01'),
  (encode(sha256('moll-55c2'), 'hex'), 'a1000000-0000-4000-8000-000000000003', 'bravo desk', '2099-01-01');
insert into booking.visit_reason values ('first', 'First visit', 30), ('check', 'Check-up', 15);
insert into booking.insurance_kind values ('pub', 'Public'), ('priv', 'Private');
insert into booking.doctor values ('a1000000-0000-4000-8000-000000000001', 1, 'Klee'), ('a1000000-0000-4000-8000-000000000002', 1, 'bravo'), ('a1000000-0000-4000-8000-000000000003', 1, 'Moll bravo');
insert into booking.slot values
  ('a1000000-0000-4000-8000-000000000001', 1, 1, '2026-06-01 08:00+00', true, 'Mon 8'), ('a1000000-0000-4000-8000-000000000001', 2, 1, '2026-06-01 08:30+00', false, 'Mon 8:30'),
  ('a1000000-0000-4000-8000-000000000002', 1, 1, '2026-06-01 08:00+00', true, 'bravo Mon 8'), ('a1000000-0000-4000-8000-000000000003', 1, 1, '2026-06-01 09:00+00', true, 'bravo Mon 9');
insert into booking.patient values
  ('a1000000-0000-4000-8000-000000000001', 1, 'Fritz Amsel', '0151-100', '1970-07-07', 'pub', null),
  ('a1000000-0000-4000-8000-000000000002', 1, 'Gita bravo', '0151-200', '1985-08-08', 'priv', 'bravo depression'),
  ('a1000000-0000-4000-8000-000000000003', 1, 'Hugo bravo', '0151-300', '1950-09-09', 'pub', 'bravo glaucoma');
insert into booking.request values
  ('a1000000-0000-4000-8000-000000000001', 1, 1, 'check', '0151-100', 'Fritz Amsel', '1970-07-07', 'pub'),
  ('a1000000-0000-4000-8000-000000000002', 1, 1, 'first', '0151-200', 'Gita bravo', '1985-08-08', 'priv'),
  ('a1000000-0000-4000-8000-000000000003', 1, 1, 'check', '0151-300', 'Hugo bravo', '1950-09-09', 'pub');
insert into booking.request_event (practice_id, request_no, what) values ('a1000000-0000-4000-8000-000000000001', 1, 'made'), ('a1000000-0000-4000-8000-000000000002', 1, 'bravo made'), ('a1000000-0000-4000-8000-000000000003', 1, 'bravo made');
insert into booking.reminder values ('a1000000-0000-4000-8000-000000000001', 1, 'sms', 'see you Monday'), ('a1000000-0000-4000-8000-000000000002', 1, 'sms', 'bravo: see you'), ('a1000000-0000-4000-8000-000000000003', 1, 'sms', 'bravo: see you');

create function auth.practice() returns uuid language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select s.practice_id from auth.session s
   where s.token_hash = encode(sha256(convert_to(current_setting('bwph.token', true), 'UTF8')), 'hex') and s.expires_at > now()
$$;
do $$
declare t text;
begin
  foreach t in array array['doctor', 'slot', 'patient', 'request', 'request_event', 'reminder'] loop
    execute format('alter table booking.%I enable row level security', t);
    execute format('create policy of_session on booking.%I to bwph_widget using (practice_id = (select auth.practice())) with check (practice_id = (select auth.practice()))', t);
  end loop;
end $$;
alter table booking.practice enable row level security;
create policy of_session on booking.practice to bwph_widget using (id = (select auth.practice()));

-- Who has been here before need not type the name again. The widget cannot read patients, hence definer.
create function booking.fill_in() returns trigger language plpgsql security definer set search_path = booking, pg_temp as $$
begin
  if new.full_name is null then
    select p.full_name, p.born, p.insurance into new.full_name, new.born, new.insurance
      from patient p
     where p.phone = new.phone
     order by (p.practice_id = new.practice_id) desc
     limit 1;
  end if;
  return new;
end $$;
create trigger fill_in before insert on booking.request for each row execute function booking.fill_in();

create function booking.take_slot() returns trigger language plpgsql security definer set search_path = booking, pg_temp as $$
begin
  update slot set taken = true where practice_id = new.practice_id and slot_no = new.slot_no;
  insert into request_event (practice_id, request_no, what) values (new.practice_id, new.request_no, 'made');
  return null;
end $$;
create trigger take_slot after insert on booking.request for each row execute function booking.take_slot();

create function booking.free_slots(p_day date) returns table (slot_no int, starts timestamptz) language sql stable
  as $$ select s.slot_no, s.starts from booking.slot s where not s.taken and s.starts::date = p_day order by s.starts $$;

revoke all on all functions in schema booking, auth from public;
grant usage on schema booking, auth to bwph_widget;
grant execute on function auth.practice(), booking.free_slots(date) to bwph_widget;
grant select on booking.practice, booking.visit_reason, booking.insurance_kind, booking.doctor, booking.slot, booking.request_event to bwph_widget;
grant select, insert, delete on booking.request to bwph_widget;
grant select, insert, update, delete on booking.reminder to bwph_widget;
reset role;
