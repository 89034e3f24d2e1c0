create role hcstone_owner nologin;
create role hcstone_mobile login;
alter schema public owner to hcstone_owner;
set role hcstone_owner;

create table service (id bigint primary key, name text not null);
create table care_level (level int primary key, minutes int not null);
create table device_session (token text primary key, service bigint not null references service, device text not null, expires_at timestamptz not null);
create table nurse (service bigint not null references service, no int not null, name text not null, pin_hint text, primary key (service, no));
create table client (
  service bigint not null references service, no int not null, name text not null, address text not null, key_box text,
  level int references care_level, changed_at timestamptz not null default now(), primary key (service, no)
);
create table visit (
  service bigint not null, no int not null, client_no int not null, nurse_no int not null, planned_at timestamptz not null,
  report text not null default '', changed_at timestamptz not null default now(), primary key (service, no),
  foreign key (service, client_no) references client (service, no) on delete cascade,
  foreign key (service, nurse_no) references nurse (service, no)
);
create table medication (
  service bigint not null, client_no int not null, drug text not null, dose text not null, changed_at timestamptz not null default now(),
  primary key (service, client_no, drug), foreign key (service, client_no) references client (service, no) on delete cascade
);
create table tour (service bigint not null references service, day date not null, nurse_no int not null, remark text not null, primary key (service, day, nurse_no));
-- what a device must forget; the row is kept for the undo in the office
create table tombstone (
  service bigint not null references service, id uuid not null default gen_random_uuid(), kind text not null,
  old_row jsonb not null, deleted_at timestamptz not null default now(), primary key (service, id)
);
create index on tombstone (deleted_at);

create function my_service() returns bigint language sql stable security definer set search_path = public, pg_temp as $$
  select service from device_session where token = nullif(current_setting('app.token', true), '') and expires_at > now()
$$;

create function bury() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into tombstone (service, kind, old_row) values (old.service, tg_table_name, to_jsonb(old));
  return old;
end $$;
create trigger bury after delete on client for each row execute function bury();
create trigger bury after delete on visit for each row execute function bury();
create trigger bury after delete on medication for each row execute function bury();

insert into care_level values (1, 20), (2, 45), (3, 90);
insert into service values (101, 'Home care Anger'), (102, 'Home care Birkenau bravo'), (103, 'Home care Celle bravo');
insert into device_session select 'tok-' || id || '-f3a9', id, 'Tablet of ' || name, '2099-01-01' from service;
insert into nurse select id, n, 'Nurse ' || n || ', ' || name, 'dog of ' || name from service, generate_series(1, 2) n;
insert into client (service, no, name, address, key_box, level)
  select id, n, 'Client ' || n || ', ' || name, n || ' Lane, ' || name, '47' || n, 2 from service, generate_series(1, 4) n;
insert into visit (service, no, client_no, nurse_no, planned_at, report)
  select service, no, no, 1, '2026-04-01 07:00+00', 'washed, ' || name from client;
insert into medication (service, client_no, drug, dose) select service, no, 'Metformin', '1-0-1 for ' || name from client;
insert into tour select service, '2026-04-01', no, 'starts with ' || name from nurse;
delete from client where no = 4;

do $$
declare t text;
begin
  foreach t in array array['nurse', 'client', 'visit', 'medication', 'tour'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy of_service on %I using (service = my_service())', t);
  end loop;
end $$;
alter table service enable row level security;
create policy own on service for select using (id = my_service());
alter table tombstone enable row level security;
alter table device_session enable row level security;

-- one call when the tablet has a network again
create function pull_changes(since timestamptz) returns table (kind text, gone boolean, payload jsonb)
language plpgsql stable security definer set search_path = public, pg_temp as $$
declare mine bigint := my_service();
begin
  if mine is null then
    raise exception 'device is not signed in';
  end if;
  return query
    select 'client', false, to_jsonb(c) from client c where c.service = mine and c.changed_at >= since
    union all
    select 'visit', false, to_jsonb(v) from visit v where v.service = mine and v.changed_at >= since
    union all
    select 'medication', false, to_jsonb(m) from medication m where m.service = mine and m.changed_at >= since
    union all
    select t.kind, true, t.old_row from tombstone t where t.deleted_at >= since;
end $$;

create function push_visit(report_of jsonb) returns int language plpgsql security definer set search_path = public, pg_temp as $$
declare mine bigint := my_service(); done int;
begin
  if mine is null then
    raise exception 'device is not signed in';
  end if;
  update visit set report = report_of ->> 'report', changed_at = now()
    where service = mine and no = (report_of ->> 'no')::int;
  get diagnostics done = row_count;
  return done;
end $$;

create function undo_delete(stone uuid) returns text language plpgsql security definer set search_path = public, pg_temp as $$
declare t tombstone;
begin
  select * into t from tombstone where id = stone and service = my_service() and kind = 'client';
  if not found then
    return 'nothing to undo';
  end if;
  insert into client select * from jsonb_populate_record(null::client, t.old_row);
  delete from tombstone where service = t.service and id = t.id;
  return 'restored';
end $$;

grant select on care_level, service, nurse, client, visit, medication, tour to hcstone_mobile;
grant insert, update, delete on client, visit, medication, tour to hcstone_mobile;
reset role;
