create role hnf_owner nologin;
create role hnf_app login;
create schema care authorization hnf_owner;
set role hnf_owner;

create table care.service_code (code text primary key, title text not null, minutes int not null);
create table care.visit_state (state text primary key, final boolean not null);
create table care.branch (id bigint primary key, name text not null, town text not null);
create table care.nurse (
  branch_id bigint not null references care.branch, id uuid not null default gen_random_uuid(), full_name text not null,
  primary key (branch_id, id)
);
create table care.device (
  branch_id bigint not null, id uuid not null default gen_random_uuid(), nurse_id uuid not null, label text not null, last_pull timestamptz not null default '-infinity',
  primary key (branch_id, id),
  foreign key (branch_id, nurse_id) references care.nurse (branch_id, id) on delete cascade
);
create table care.client (
  branch_id bigint not null references care.branch,
  id uuid not null default gen_random_uuid(),
  full_name text not null,
  street text not null,
  door_code text,
  primary key (branch_id, id)
);
create table care.visit (
  branch_id bigint not null,
  id uuid not null default gen_random_uuid(),
  client_id uuid not null,
  nurse_id uuid not null,
  planned_for date not null,
  state text not null default 'planned' references care.visit_state,
  report text,
  changed_at timestamptz not null default now(),
  primary key (branch_id, id),
  foreign key (branch_id, client_id) references care.client (branch_id, id),
  foreign key (branch_id, nurse_id) references care.nurse (branch_id, id)
);
create table care.visit_service (
  branch_id bigint not null, visit_id uuid not null, code text not null references care.service_code, remark text,
  primary key (branch_id, visit_id, code),
  foreign key (branch_id, visit_id) references care.visit (branch_id, id) on delete cascade
);
create table care.task (
  branch_id bigint not null, id uuid not null default gen_random_uuid(), client_id uuid not null, title text not null, changed_at timestamptz not null default now(),
  primary key (branch_id, id),
  foreign key (branch_id, client_id) references care.client (branch_id, id)
);
create table care.tombstone (
  branch_id bigint not null, kind text not null, id uuid not null, last_row jsonb not null, removed_at timestamptz not null default now(),
  primary key (branch_id, kind, id)
);
create table care.pull_log (
  branch_id bigint not null,
  device_id uuid not null,
  pulled_at timestamptz not null default now(),
  remark text,
  foreign key (branch_id, device_id) references care.device (branch_id, id) on delete cascade
);

create function care.my_branches() returns bigint[] language sql stable
  return coalesce(nullif(current_setting('care.branches', true), ''), '{}')::bigint[];
create function care.my_device() returns uuid language sql stable
  return nullif(current_setting('care.device', true), '')::uuid;

create function care.stamp() returns trigger language plpgsql as $$
begin
  new.changed_at := now();
  return new;
end $$;
create trigger stamp before update on care.visit for each row execute function care.stamp();
create trigger stamp before update on care.task for each row execute function care.stamp();

-- a tablet that was offline has to learn what is gone, and shows it greyed out until the nurse has seen it
create function care.bury() returns trigger language plpgsql security definer set search_path = care, pg_temp as $$
begin
  insert into tombstone (branch_id, kind, id, last_row) values (old.branch_id, tg_table_name, old.id, to_jsonb(old))
    on conflict (branch_id, kind, id) do update set last_row = excluded.last_row, removed_at = excluded.removed_at;
  return null;
end $$;
revoke execute on function care.bury() from public;
create trigger bury after delete on care.visit for each row execute function care.bury();
create trigger bury after delete on care.task for each row execute function care.bury();

insert into care.service_code values ('LK01', 'Insulin', 10), ('LK07', 'Dressing', 25), ('LK19', 'Washing', 40);
insert into care.visit_state values ('planned', false), ('done', true), ('missed', true);
insert into care.branch values (11, 'Linden', 'Celle'), (21, 'Oak bravo', 'Peine bravo'), (31, 'Elm bravo', 'Hameln bravo');
insert into care.nurse (branch_id, full_name) select id, 'Nurse of ' || name from care.branch;
insert into care.device (branch_id, id, nurse_id, label)
  select n.branch_id, ('00000000-0000-4000-8000-0000000000' || n.branch_id)::uuid, n.id, 'Tablet, ' || n.full_name from care.nurse n;
insert into care.client (branch_id, full_name, street, door_code)
  select id, 'Client ' || n || ', ' || name, n || ' Mill Lane, ' || town, '44' || n || ' ' || name from care.branch, generate_series(1, 3) n;
insert into care.visit (branch_id, client_id, nurse_id, planned_for, state, report)
  select c.branch_id, c.id, n.id, '2026-02-03', 'done', 'Wound dry. ' || c.full_name from care.client c join care.nurse n using (branch_id);
insert into care.visit (branch_id, client_id, nurse_id, planned_for, report)
  select c.branch_id, c.id, n.id, '2026-02-10', 'Twice booked. ' || c.full_name from care.client c join care.nurse n using (branch_id);
insert into care.visit_service select branch_id, id, 'LK07', 'Left leg. ' || report from care.visit;
insert into care.task (branch_id, client_id, title) select branch_id, id, 'Order insulin for ' || full_name from care.client;
insert into care.task (branch_id, client_id, title) select branch_id, id, 'Ring the daughter of ' || full_name from care.client;
delete from care.visit where planned_for = '2026-02-10';
delete from care.task where title like 'Ring%';
insert into care.pull_log (branch_id, device_id, remark) select branch_id, id, 'by ' || label from care.device;

do $$
declare t text;
begin
  foreach t in array array['nurse', 'device', 'client', 'visit', 'visit_service', 'task', 'tombstone', 'pull_log'] loop
    execute format('alter table care.%I enable row level security', t);
    execute format('create policy branches on care.%I using (branch_id = any (care.my_branches()))', t);
  end loop;
end $$;
alter table care.branch enable row level security;
create policy branches on care.branch for select using (id = any (care.my_branches()));

-- one list in the order of time, which the tablet reads in pages
create view care.feed with (security_barrier) as
  select v.branch_id, 'visit' as kind, v.id, v.changed_at as at, false as gone, to_jsonb(v) as body
    from care.visit v
   where v.branch_id = any (care.my_branches())
  union all
  select t.branch_id, 'task', t.id, t.changed_at, false, to_jsonb(t)
    from care.task t
   where t.branch_id = any (care.my_branches())
  union all
  select s.branch_id, s.kind, s.id, s.removed_at, true, s.last_row
    from care.tombstone s
    join care.device d on d.id = care.my_device() and d.last_pull < s.removed_at
   where d.branch_id = any (care.my_branches());

create view care.day_plan with (security_barrier) as
  select v.branch_id, v.planned_for, n.full_name as nurse, c.full_name as client, c.street, v.state
    from care.visit v
    join care.client c on c.branch_id = v.branch_id and c.id = v.client_id
    join care.nurse n on n.branch_id = v.branch_id and n.id = v.nurse_id
   where v.branch_id = any (care.my_branches());

create function care.pull(since timestamptz, page int default 200) returns setof care.feed language sql stable as $$
  select * from care.feed where at > since order by at, id limit least(page, 500)
$$;

grant usage on schema care to hnf_app;
grant select on care.service_code, care.visit_state, care.branch, care.nurse, care.device, care.feed, care.day_plan to hnf_app;
grant select, insert, update, delete on care.client, care.visit, care.visit_service, care.task to hnf_app;
grant select, insert on care.pull_log to hnf_app;
grant update (last_pull) on care.device to hnf_app;
reset role;
