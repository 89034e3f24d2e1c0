create role chmc_owner nologin;
create role chmc_app login;
alter schema public owner to chmc_owner;
revoke create on schema public from public;
set role chmc_owner;

create table care_level (level int primary key, title text not null);
create table home (id int primary key, name text not null, opened date not null default '2019-01-01');
create table wing (home_id int not null references home, code text not null, title text not null, primary key (home_id, code));
create table room (home_id int not null, no int not null, wing text not null, beds int not null default 1, primary key (home_id, no), foreign key (home_id, wing) references wing);
create table resident (home_id int not null references home, no int not null, name text not null, level int references care_level, left_on date, primary key (home_id, no));
create table contact (home_id int not null, resident_no int not null, name text not null, phone text, primary key (home_id, resident_no, name), foreign key (home_id, resident_no) references resident);
-- where somebody lives and has lived, without overlap
create table stay (
  home_id int not null,
  resident_no int not null,
  during daterange not null check (not isempty(during) and not lower_inf(during)),
  room_no int not null,
  remark text,
  foreign key (home_id, resident_no) references resident (home_id, no),
  foreign key (home_id, room_no) references room (home_id, no),
  exclude using gist (int4range(home_id, home_id, '[]') with &&, int4range(resident_no, resident_no, '[]') with &&, during with &&)
);
create table care_note (home_id int not null, resident_no int not null, at timestamptz not null default now(), body text not null, primary key (home_id, resident_no, at),
  foreign key (home_id, resident_no) references resident (home_id, no));
create table monthly_bill (home_id int not null, resident_no int not null, month date not null, cents int not null, line text, primary key (home_id, resident_no, month),
  foreign key (home_id, resident_no) references resident (home_id, no));
create table stay_audit (home_id int not null, id uuid not null default gen_random_uuid(), who name not null default session_user, at timestamptz not null default clock_timestamp(),
  operation text not null, was jsonb, became jsonb, primary key (home_id, id));

insert into care_level select n, 'Level ' || n from generate_series(1, 5) n;
insert into home values (1, 'House Linde'), (2, 'House Platane bravo'), (3, 'House Quelle bravo');
insert into wing select id, 'E', 'East of ' || name from home;
insert into room select home_id, 100 + n, code, 1 from wing, generate_series(1, 4) n;
insert into resident select id, n, 'Resident ' || n || ' of ' || name, 3 from home, generate_series(1, 3) n;
insert into contact select home_id, no, 'Daughter of ' || name, '030 1' from resident;
insert into stay select home_id, no, '[2024-05-01,)', 100 + no, 'Came from hospital: ' || name from resident where (home_id, no) <> (1, 1);
insert into care_note select home_id, no, '2026-01-05 07:00+01', 'Slept well: ' || name from resident;
insert into monthly_bill select home_id, no, '2026-01-01', 310000, name from resident;
insert into stay_audit (home_id, operation, became) select home_id, 'INSERT', to_jsonb(stay) from stay;

create function current_home() returns int language sql stable return nullif(current_setting('care.home', true), '')::int;

-- who moves in somewhere else has moved out of where he was
create function close_open_stay() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if upper_inf(new.during) then
    update stay set during = daterange(lower(during), lower(new.during))
    where resident_no = new.resident_no and upper_inf(during) and lower(during) < lower(new.during);
  end if;
  return new;
end $$;
create trigger close_open_stay before insert on stay for each row execute function close_open_stay();

create function audit_stay() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into stay_audit (home_id, operation, was, became)
  values (coalesce(new.home_id, old.home_id), tg_op, to_jsonb(old), to_jsonb(new));
  return null;
end $$;
create trigger audit_stay after insert or update or delete on stay for each row execute function audit_stay();

create view occupancy with (security_invoker = true) as
  select r.home_id, r.no, r.wing, count(s.*) filter (where s.during @> current_date) as taken, r.beds, string_agg(s.remark, '; ') as remarks
  from room r left join stay s on s.home_id = r.home_id and s.room_no = r.no group by r.home_id, r.no, r.wing, r.beds;

do $$
declare t text;
begin
  foreach t in array array['wing', 'room', 'resident', 'contact', 'stay', 'care_note', 'monthly_bill', 'stay_audit'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy home on %I using (home_id = current_home()) with check (home_id = current_home())', t);
  end loop;
end $$;
alter table home enable row level security;
create policy own on home for select using (id = current_home());

grant select on all tables in schema public to chmc_app;
grant insert, update, delete on wing, room, resident, contact, stay, care_note, monthly_bill to chmc_app;
reset role;
