create role termref_owner nologin;
create role termref_gateway nologin;
create role termref_app login;
create schema booking authorization termref_owner;
set role termref_owner;
set search_path = booking;

create table examination (code text primary key, title text not null, minutes int not null);
create table urgency (code char(1) primary key, title text not null, within_days int not null);
create table site (site text primary key, title text not null);
create table room (site text not null references site, no int not null, title text not null, device text, primary key (site, no));
create table opening (site text not null, room_no int not null, weekday int not null check (weekday between 1 and 7), opens time not null, closes time not null, remark text, primary key (site, room_no, weekday),
  foreign key (site, room_no) references room (site, no) on delete cascade);
create table patient (site text not null references site, no int not null, full_name text not null, phone text, primary key (site, no));
-- The health authority numbers referrals for the whole country and its gateway delivers them to the site that the doctor chose.
create table referral (
  site text not null references site, referral_no bigint not null, examination text not null references examination, urgency char(1) not null references urgency,
  doctor text not null, question text not null,
  primary key (site, referral_no),
  unique (referral_no)
);
create table booking (
  site text not null, room_no int not null, starts timestamp not null, patient_no int not null,
  referral_no bigint references referral (referral_no), remark text,
  primary key (site, room_no, starts),
  foreign key (site, room_no) references room (site, no),
  foreign key (site, patient_no) references patient (site, no)
);
create index on booking (referral_no);
create table waiting (site text not null, patient_no int not null, examination text not null references examination, since date not null, wish text, primary key (site, patient_no, examination),
  foreign key (site, patient_no) references patient (site, no) on delete cascade);
create table booking_event (site text not null, id uuid not null default gen_random_uuid(), what text not null, at timestamptz not null default now(), primary key (site, id));

create function my_site() returns text language sql stable as $$ select nullif(current_setting('booking.site', true), '') $$;

create function note_booking() returns trigger language plpgsql security definer set search_path = booking, pg_temp as $$
declare
  row_of booking := case when tg_op = 'DELETE' then old else new end;
begin
  insert into booking_event (site, what) values (row_of.site, format('%s %s, patient %s: %s', lower(tg_op), row_of.starts, row_of.patient_no, row_of.remark));
  return null;
end $$;
create trigger noted after insert or update or delete on booking for each row execute function note_booking();

create function free_rooms(wanted timestamp) returns table (no int, title text)
  language sql stable set search_path = booking, pg_temp as $$
  select r.no, r.title
    from room r join opening o on o.site = r.site and o.room_no = r.no
   where o.weekday = extract(isodow from wanted) and wanted::time >= o.opens and wanted::time < o.closes
     and not exists (select from booking b where b.site = r.site and b.room_no = r.no and b.starts = wanted)
$$;

insert into examination values ('MRK', 'MRI of the knee', 30), ('CTA', 'CT of the abdomen', 20);
insert into urgency values ('A', 'at once', 2), ('B', 'soon', 14), ('C', 'some time', 90);
insert into site values ('north', 'Radiology North'), ('quay', 'Quayside bravo'), ('park', 'Parkview bravo');
insert into room select site, n, 'Room ' || n || ', ' || title, 'Aera of ' || title from site, generate_series(1, 2) n;
insert into opening select site, no, d, '08:00', '17:00', 'ring the bell of ' || title from room, generate_series(1, 5) d;
insert into patient select site, n, 'Patient ' || n || ', ' || title, '020 55' || n from site, generate_series(1, 3) n;
insert into referral
  select site, 7000000 + 100 * (array_position(array['north', 'quay', 'park'], site)) + no, 'MRK', 'B', 'Dr. Moss, ' || full_name, 'meniscus? ' || full_name from patient;
insert into booking select r.site, 1, '2026-06-01 09:00'::timestamp + (r.referral_no % 100) * interval '30 minutes', r.referral_no % 100, r.referral_no, 'claustrophobic, ' || r.question
  from referral r where r.referral_no % 100 < 3;
insert into waiting select site, no, 'CTA', '2026-05-01', 'mornings, ' || full_name from patient;

alter table site enable row level security;
create policy own on site for select using (site = my_site());
do $$
declare t text;
begin
  foreach t in array array['room', 'opening', 'patient', 'referral', 'booking', 'waiting', 'booking_event'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy site on %I to termref_app using (site = my_site())', t);
  end loop;
end $$;
create policy delivers on referral for insert to termref_gateway with check (true);

grant usage on schema booking to termref_app, termref_gateway;
grant insert on referral to termref_gateway;
grant select on all tables in schema booking to termref_app;
grant insert, update, delete on room, patient, booking, waiting to termref_app;
reset role;
reset search_path;
