create role physiona_owner nologin;
create role physiona_app login;
create schema physio authorization physiona_owner;
set role physiona_owner;
set search_path = physio;

create table remedy (code text primary key, title text not null, minutes int not null);
create table weekday (no int primary key check (no between 1 and 7), title text not null);
create table branch (id int primary key, name text not null);
create table therapist (branch_id int not null references branch, no int not null, name text not null, primary key (branch_id, no));
create table room (branch_id int not null references branch, no int not null, label text not null, primary key (branch_id, no));
create table opening (branch_id int not null references branch, weekday int not null references weekday, hours text not null, primary key (branch_id, weekday));
-- numbers start at 1 in each branch: they stand on the cards
create table person (
  branch_id int not null references branch, no int not null, name text not null, phone text, complaint text not null, primary key (branch_id, no));
create table referral (
  branch_id int not null, no int not null, person_no int not null, remedy text not null references remedy, units int not null, doctor text not null,
  primary key (branch_id, no), foreign key (branch_id, person_no) references person (branch_id, no));
create table booking (
  branch_id int not null, no int not null, person_no int not null, therapist_no int not null, room_no int, starts_at timestamptz not null, remark text,
  primary key (branch_id, no), foreign key (branch_id, person_no) references person (branch_id, no),
  foreign key (branch_id, therapist_no) references therapist (branch_id, no), foreign key (branch_id, room_no) references room (branch_id, no));
create table waiting_entry (
  branch_id int not null, person_no int not null, wish text not null, since date not null default current_date, primary key (branch_id, person_no),
  foreign key (branch_id, person_no) references person (branch_id, no) on delete cascade);
create table invoice (
  branch_id int not null, no int not null, person_no int not null, text text not null, cents int not null, paid_at date, primary key (branch_id, no),
  foreign key (branch_id, person_no) references person (branch_id, no));
create table change_log (branch_id int not null references branch, at timestamptz not null default clock_timestamp(), what text not null);

insert into remedy values ('KG', 'Physiotherapy', 20), ('MT', 'Manual therapy', 20), ('MLD', 'Lymph drainage', 45);
insert into weekday values (1, 'Monday'), (2, 'Tuesday'), (3, 'Wednesday'), (4, 'Thursday'), (5, 'Friday');
insert into branch values (11, 'Mitte'), (21, 'Hafen bravo'), (31, 'Schanze bravo');
insert into therapist select id, n, 'Therapist ' || n || ', ' || name from branch, generate_series(1, 2) n;
insert into room select id, 1, 'Cabin 1, ' || name from branch;
insert into opening select id, 1, '8-19, ' || name from branch;
insert into person select id, n, 'Person ' || n || ', ' || name, '040-' || n || ' ' || name, 'back pain, ' || name from branch, generate_series(1, 3) n;
insert into referral select branch_id, no, no, 'MT', 6, 'Dr. Behn for ' || name from person;
insert into booking select branch_id, no, no, 1, 1, '2026-05-04 09:00+02', 'bring a towel, ' || name from person where no < 3;
insert into waiting_entry (branch_id, person_no, wish) select branch_id, no, 'mornings, ' || name from person where no = 3;
insert into invoice select branch_id, no, no, 'own share, ' || name, 2350, null from person;
insert into change_log (branch_id, what) select branch_id, 'booked: ' || remark from booking;

-- staff who work at several branches carry all of them: {11,12}
create function my_branches() returns int[] language sql stable as $$
  select coalesce(nullif(current_setting('physio.branches', true), ''), '{}')::int[]
$$;
do $$
declare t text;
begin
  foreach t in array array['therapist', 'room', 'opening', 'person', 'referral', 'booking', 'waiting_entry', 'invoice', 'change_log'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy branches on %I using (branch_id = any (my_branches())) with check (branch_id = any (my_branches()))', t);
  end loop;
end $$;
alter table branch enable row level security;
create policy branches on branch for select using (id = any (my_branches()));

-- the lists of the front desk are the owner's views; each names the branches itself
create view day_sheet with (security_barrier) as
  select b.branch_id, b.no, b.starts_at, t.name as therapist, p.no as person_no, p.name as person, p.phone, b.remark
    from booking b
    join therapist t on t.branch_id = b.branch_id and t.no = b.therapist_no
    join person p on p.no = b.person_no
   where b.branch_id = any (my_branches());
create view waiting_list with (security_barrier) as
  select w.branch_id, w.since, p.name, p.phone, w.wish
    from waiting_entry w join person p on p.branch_id = w.branch_id and p.no = w.person_no
   where w.branch_id = any (my_branches());
create view open_invoice with (security_barrier) as
  select i.branch_id, i.no, p.name, i.text, i.cents
    from invoice i join person p on (p.branch_id, p.no) = (i.branch_id, i.person_no)
   where i.paid_at is null and p.branch_id = any (my_branches());
create view units_left with (security_barrier) as
  select r.branch_id, r.no, p.name, r.units - count(b.no) as units_left
    from referral r join person p on p.branch_id = r.branch_id and p.no = r.person_no
    left join booking b on b.branch_id = r.branch_id and b.person_no = r.person_no
   where r.branch_id = any (my_branches())
   group by r.branch_id, r.no, p.name, r.units;

create function book(at_branch int, person int, therapist int, starting timestamptz) returns int language plpgsql set search_path = physio, pg_temp as $$
declare next_no int;
begin
  perform pg_advisory_xact_lock(at_branch);
  select coalesce(max(no), 0) + 1 into next_no from booking where branch_id = at_branch;
  insert into booking (branch_id, no, person_no, therapist_no, starts_at) values (at_branch, next_no, person, therapist, starting);
  insert into change_log (branch_id, what) values (at_branch, 'booked ' || next_no);
  return next_no;
end $$;

grant usage on schema physio to physiona_app;
grant select on all tables in schema physio to physiona_app;
grant insert, update, delete on therapist, room, opening, person, referral, booking, waiting_entry, invoice to physiona_app;
grant insert on change_log to physiona_app;
reset search_path;
reset role;
