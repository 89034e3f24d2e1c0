create role rbea_owner nologin;
create role rbea_app login;
alter schema public owner to rbea_owner;
revoke create on schema public from public;
set role rbea_owner;

create table service (code text primary key, title text not null, minutes int not null);
create table practice (id int primary key, name text not null, street text);
create table room (practice_id int not null references practice, no int not null, title text not null, primary key (practice_id, no));
create table therapist (practice_id int not null references practice, initials text not null, name text not null, primary key (practice_id, initials));
create table client (practice_id int not null references practice, no int not null, name text not null, email text, primary key (practice_id, no));
create table working_hours (practice_id int not null, initials text not null, weekday int not null check (weekday between 1 and 7), hours int4range not null, remark text, primary key (practice_id, initials, weekday),
  foreign key (practice_id, initials) references therapist on delete cascade);
create table absence (practice_id int not null, initials text not null, during daterange not null, reason text,
  foreign key (practice_id, initials) references therapist on delete cascade,
  exclude using gist (int4range(practice_id, practice_id, '[]') with &&, (int8range(hashtext(initials), hashtext(initials), '[]')) with &&, during with &&));
create table booking (
  practice_id int not null,
  id uuid not null default gen_random_uuid(),
  room_no int not null,
  initials text not null,
  client_no int not null,
  service text not null references service,
  during tstzrange not null check (not isempty(during)),
  cancelled_at timestamptz,
  remark text,
  primary key (practice_id, id),
  foreign key (practice_id, room_no) references room,
  foreign key (practice_id, initials) references therapist,
  foreign key (practice_id, client_no) references client
);
create table waiting_list (practice_id int not null, client_no int not null, service text not null references service, wish text, primary key (practice_id, client_no, service), foreign key (practice_id, client_no) references client on delete cascade);
create table booking_history (practice_id int not null, booking_id uuid not null, at timestamptz not null default clock_timestamp(), operation text not null, booking jsonb not null, primary key (practice_id, booking_id, at));

insert into service values ('MT', 'Manual therapy', 30), ('KG', 'Physiotherapy', 20);
insert into practice values (11, 'Physio Elbe', '1 Elbe Street'), (12, 'Physio Fulda bravo', '2 Fulda Street'), (13, 'Physio Gera bravo', '3 Gera Street');
insert into room select id, n, 'Room ' || n || ' of ' || name from practice, generate_series(1, 3) n;
insert into therapist select id, 'AB', 'Therapist of ' || name from practice;
insert into client select id, n, 'Client ' || n || ' of ' || name, null from practice, generate_series(1, 3) n;
insert into working_hours select id, 'AB', 1, '[8,17)', 'Without lunch at ' || name from practice;
insert into absence select id, 'AB', '[2026-08-03,2026-08-17)', 'Summer, ' || name from practice;
insert into booking (practice_id, room_no, initials, client_no, service, during, remark)
  select practice_id, no, 'AB', no, 'MT', tstzrange(start, start + interval '30 minutes'), 'Neck, ' || name
  from client, lateral (select '2026-03-02 08:00+01'::timestamptz + practice_id * interval '1 hour' + no * interval '40 minutes') s (start);
insert into waiting_list select practice_id, no, 'KG', 'Mornings, ' || name from client;
insert into booking_history select practice_id, id, clock_timestamp(), 'INSERT', to_jsonb(booking) from booking;

-- a room holds one booking at a time
alter table booking add constraint room_is_free exclude using gist (int4range(room_no, room_no, '[]') with &&, during with &&) where (cancelled_at is null);
-- and a therapist has one client at a time
alter table booking add constraint therapist_is_free exclude using gist
  (int4range(practice_id, practice_id, '[]') with &&, (int8range(hashtext(initials), hashtext(initials), '[]')) with &&, during with &&) where (cancelled_at is null);

create function current_practice() returns int language sql stable return nullif(current_setting('physio.practice', true), '')::int;

create function keep_booking_history() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into booking_history (practice_id, booking_id, operation, booking) values (old.practice_id, old.id, tg_op, to_jsonb(old));
  return null;
end $$;
create trigger keep_booking_history after update or delete on booking for each row execute function keep_booking_history();

create function free_slots(on_day date, room int) returns table (hour int) language sql stable as $$
  select h from generate_series(8, 16) h
  where not exists (
    select from booking b where b.practice_id = current_practice() and b.room_no = room and b.cancelled_at is null
      and b.during && tstzrange(on_day + make_interval(hours => h), on_day + make_interval(hours => h + 1))
  )
$$;

do $$
declare t text;
begin
  foreach t in array array['room', 'therapist', 'client', 'working_hours', 'absence', 'booking', 'waiting_list', 'booking_history'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy practice on %I using (practice_id = current_practice()) with check (practice_id = current_practice())', t);
  end loop;
end $$;
alter table practice enable row level security;
create policy own on practice for select using (id = current_practice());

grant select on all tables in schema public to rbea_app;
grant insert, update, delete on room, therapist, client, working_hours, absence, booking, waiting_list to rbea_app;
reset role;
