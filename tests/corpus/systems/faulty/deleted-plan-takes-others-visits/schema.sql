create role dpt_owner nologin;
create role dpt_org_oak nologin;
create role dpt_org_elm nologin;
create role dpt_org_ash nologin;
create role dpt_api login noinherit;
grant dpt_org_oak, dpt_org_elm, dpt_org_ash to dpt_api;
create schema care;
grant usage, create on schema care to dpt_owner;
grant usage on schema care to dpt_org_oak, dpt_org_elm, dpt_org_ash;
set role dpt_owner;
set search_path = care;

create table care_level (level int primary key, label text not null);
create table diagnosis (code text primary key, label text not null);
create table organisation (org text primary key, title text not null);
create table resident (org text not null references organisation, no int not null, name text not null, level int references care_level, primary key (org, no));
create table nurse (org text not null references organisation, no int not null, name text not null, primary key (org, no));
create table care_plan (
  org text not null, no int not null, resident_no int not null, goal text not null, diagnosis text references diagnosis,
  primary key (org, no), foreign key (org, resident_no) references resident
);
create table planned_visit (org text not null references organisation, plan_no int not null, day date not null, task text not null, primary key (org, plan_no, day));
create table medication (
  org text not null, plan_no int not null, drug text not null, dose text, primary key (org, plan_no, drug),
  foreign key (org, plan_no) references care_plan on delete cascade
);
create table shift (org text not null, nurse_no int not null, day date not null, area text not null, primary key (org, nurse_no, day), foreign key (org, nurse_no) references nurse);
create table plan_archive (org text not null references organisation, plan_no int not null, deleted_at timestamptz not null default clock_timestamp(), plan jsonb not null);

insert into care_level values (1, 'light'), (2, 'severe');
insert into diagnosis values ('I63', 'Stroke'), ('F00', 'Dementia');
insert into organisation values ('oak', 'Oak Care'), ('elm', 'Elm bravo Care'), ('ash', 'Ash bravo Home');
insert into resident values ('oak', 1, 'Adam', 1), ('elm', 1, 'Berit bravo', 2), ('ash', 1, 'Cilla bravo', 1);
insert into nurse values ('oak', 1, 'Nia'), ('elm', 1, 'Ned bravo'), ('ash', 1, 'Noa bravo');
insert into care_plan values ('oak', 1, 1, 'walk', 'I63'), ('oak', 2, 1, 'eat', 'F00'), ('elm', 1, 1, 'bravo speak', 'I63'), ('elm', 3, 1, 'bravo rest', 'F00'), ('ash', 1, 1, 'bravo sleep', 'F00');
insert into planned_visit values
  ('oak', 1, '2031-01-01', 'training'), ('oak', 2, '2031-01-01', 'lunch'), ('elm', 1, '2031-01-01', 'bravo speech'), ('elm', 3, '2031-01-01', 'bravo check'), ('ash', 1, '2031-01-01', 'bravo night');
insert into medication values ('oak', 1, 'ASS', '100'), ('elm', 1, 'bravo ASS', '100'), ('ash', 1, 'bravo Melatonin', '2');
insert into shift values ('oak', 1, '2031-01-01', 'east'), ('elm', 1, '2031-01-01', 'bravo west'), ('ash', 1, '2031-01-01', 'bravo all');
insert into plan_archive (org, plan_no, plan) values ('oak', 9, '{"goal": "old"}'), ('elm', 9, '{"goal": "bravo old"}'), ('ash', 9, '{"goal": "bravo old"}');

create function this_org() returns text language sql stable as $$
  select substring(current_user::text from '^dpt_org_(.*)$')
$$;

do $$
declare t text;
begin
  foreach t in array array['organisation', 'resident', 'nurse', 'care_plan', 'planned_visit', 'medication', 'shift', 'plan_archive'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy this_org on %I using (org = care.this_org())', t);
  end loop;
end $$;

-- Nurses cannot delete planned visits; with its plan they go, and the plan goes to the archive.
create function plan_deleted() returns trigger
language plpgsql security definer set search_path = pg_catalog, care, pg_temp as $$
begin
  insert into plan_archive (org, plan_no, plan) values (old.org, old.no, to_jsonb(old));
  delete from planned_visit where plan_no = old.no;
  return old;
end $$;
create trigger plan_deleted before delete on care_plan for each row execute function plan_deleted();

create function shift_moved() returns trigger
language plpgsql security definer set search_path = pg_catalog, care, pg_temp as $$
begin
  if (select count(*) from shift s where s.org = new.org and s.nurse_no = new.nurse_no and s.day between new.day - 6 and new.day) > 6 then
    raise exception 'nurse % needs a day off', new.nurse_no;
  end if;
  return null;
end $$;
create trigger shift_moved after insert or update on shift for each row execute function shift_moved();

-- Every plan has a visit to look after; nurses may write visits of plans there are.
create function visit_has_plan() returns trigger
language plpgsql security definer set search_path = pg_catalog, care, pg_temp as $$
begin
  if not exists (select from care_plan p where p.org = new.org and p.no = new.plan_no) then
    raise exception 'no plan %', new.plan_no;
  end if;
  return new;
end $$;
create trigger visit_has_plan after insert or update on planned_visit for each row execute function visit_has_plan();

create view next_visits with (security_barrier) as
  select v.org, v.day, v.task, r.name
    from planned_visit v
    join care_plan p on p.org = v.org and p.no = v.plan_no
    join resident r on r.org = p.org and r.no = p.resident_no
   where v.org = care.this_org();

revoke execute on all functions in schema care from public;
grant execute on function this_org() to dpt_org_oak, dpt_org_elm, dpt_org_ash;
grant select on care_level, diagnosis, organisation, plan_archive, next_visits to dpt_org_oak, dpt_org_elm, dpt_org_ash;
grant select, insert, update, delete on resident, nurse, care_plan, medication, shift to dpt_org_oak, dpt_org_elm, dpt_org_ash;
grant select, insert, update on planned_visit to dpt_org_oak, dpt_org_elm, dpt_org_ash;
reset search_path;
reset role;
