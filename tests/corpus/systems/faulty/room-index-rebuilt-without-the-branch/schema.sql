create role juniper_owner nologin;
create role juniper_front login;
alter schema public owner to juniper_owner;
set role juniper_owner;

create function branch_here() returns text language sql stable return nullif(current_setting('juniper.branch', true), '');

create table treatment (code text primary key, title text not null, minutes int not null);
create table holiday (day date primary key, title text not null);
create table branch (code text primary key, title text not null, opens time not null default '08:00', closes time not null default '18:00');
create table therapist (branch text not null references branch, initials text not null, full_name text not null, primary key (branch, initials));
create table room (branch text not null references branch, code text not null, label text not null, primary key (branch, code));
create table client (branch text not null references branch, no int not null, full_name text not null, mobile text, primary key (branch, no));
create table series (branch text not null, no int not null, client_no int not null, treatment text not null references treatment, sessions int not null, prescribed_by text not null, primary key (branch, no),
  foreign key (branch, client_no) references client (branch, no) on delete cascade);
create table booking (branch text not null, no int not null, series_no int not null, room text not null, therapist text not null, starts_at timestamptz not null, note text, cancelled_at timestamptz,
  primary key (branch, no),
  foreign key (branch, series_no) references series (branch, no) on delete cascade,
  foreign key (branch, room) references room (branch, code),
  foreign key (branch, therapist) references therapist (branch, initials));
create table reminder (branch text not null, booking_no int not null, channel text not null check (channel in ('sms', 'mail')), wording text not null, primary key (branch, booking_no, channel),
  foreign key (branch, booking_no) references booking (branch, no) on delete cascade);

-- 0007
create unique index booking_room on booking (branch, room, starts_at);
create unique index booking_therapist on booking (branch, therapist, starts_at) where cancelled_at is null;

insert into treatment values ('KG', 'Physiotherapy', 20), ('MLD', 'Lymph drainage', 45);
insert into holiday values ('2026-05-01', 'Labour day');
insert into branch values ('mitte', 'Mitte'), ('nord', 'Nord bravo'), ('hafen', 'Hafen bravo');
insert into therapist select code, 'aa', 'Therapist of ' || title from branch;
insert into room select code, 'R' || n, 'Room ' || n || ' at ' || title from branch, generate_series(1, 2) n;
insert into client select code, n, 'Client ' || n || ' of ' || title, '0170' from branch, generate_series(1, 2) n;
insert into series select branch, no, no, 'KG', 6, 'Dr. of ' || full_name from client;
insert into booking select b.code, 1, 1, 'R1', 'aa', timestamptz '2026-06-01 08:00+00' + row_number() over (order by b.code) * interval '1 hour', 'knee, ' || title from branch b;
insert into reminder select branch, no, 'sms', 'See you soon, ' || note from booking;

-- 0043: a cancelled booking frees its room
drop index booking_room;
create unique index booking_room on booking (room, starts_at) where cancelled_at is null;

do $$
declare t text;
begin
  foreach t in array array['therapist', 'room', 'client', 'series', 'booking', 'reminder'] loop
    execute format('alter table %I enable row level security, force row level security', t);
    execute format('create policy here on %I using (branch = branch_here()) with check (branch = branch_here())', t);
  end loop;
end $$;
alter table branch enable row level security, force row level security;
create policy here on branch for select using (code = branch_here());

create view day_sheet with (security_invoker = true) as
  select b.starts_at, b.room, b.therapist, c.full_name, s.treatment, b.note
  from booking b join series s on (s.branch, s.no) = (b.branch, b.series_no) join client c on (c.branch, c.no) = (s.branch, s.client_no)
  where b.cancelled_at is null;

create function book(p_series int, p_room text, p_therapist text, p_at timestamptz, p_note text default null) returns int language plpgsql as $$
declare free int;
begin
  if exists (select from holiday where day = p_at::date) then raise exception 'closed on that day'; end if;
  select coalesce(max(no), 0) + 1 into free from booking;
  insert into booking values (branch_here(), free, p_series, p_room, p_therapist, p_at, p_note);
  return free;
end $$;

grant select on all tables in schema public to juniper_front;
grant insert, update, delete on therapist, room, client, series, booking, reminder to juniper_front;
reset role;
