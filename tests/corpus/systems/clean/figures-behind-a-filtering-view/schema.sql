create role nightguard_owner nologin;
create role nightguard_house nologin;
create role nightguard_t_aue nologin in role nightguard_house;
create role nightguard_t_berg nologin in role nightguard_house;
create role nightguard_t_celle nologin in role nightguard_house;
create role nightguard_app login noinherit;
grant nightguard_t_aue, nightguard_t_berg, nightguard_t_celle to nightguard_app;
alter schema public owner to nightguard_owner;
create schema inside authorization nightguard_owner;
set role nightguard_owner;

create table public.finding_kind (code text primary key, title text not null);
create table public.house (code text primary key, name text not null);
create table public.carer (house text not null references house, no int not null, full_name text not null, phone text not null, primary key (house, no));
create table public.carer_contract (house text not null, carer_no int not null, since date not null, salary_note text not null, primary key (house, carer_no, since),
  foreign key (house, carer_no) references carer (house, no));
create table public.resident (house text not null references house, room text not null, full_name text not null, diagnosis text not null, primary key (house, room));
create table public.resident_doctor (house text not null, room text not null, doctor text not null, primary key (house, room, doctor),
  foreign key (house, room) references resident (house, room) on delete cascade);
create table public.shift (house text not null, night date not null, carer_no int not null, remark text not null, primary key (house, night, carer_no),
  foreign key (house, carer_no) references carer (house, no));
create table public.round (house text not null, night date not null, carer_no int not null, at time not null, remark text not null, primary key (house, night, carer_no, at),
  foreign key (house, night, carer_no) references shift (house, night, carer_no) on delete cascade);
create table public.round_finding (house text not null, night date not null, carer_no int not null, at time not null, room text not null, kind text not null references finding_kind, text text not null,
  primary key (house, night, carer_no, at, room),
  foreign key (house, night, carer_no, at) references round (house, night, carer_no, at) on delete cascade,
  foreign key (house, room) references resident (house, room));

-- nightguard_t_aue works for aue; every other name for nobody
create function public.my_house() returns text language sql stable
  return case when starts_with(current_user, 'nightguard_t_') then substr(current_user, 14) end;

insert into finding_kind values ('fall', 'Fall'), ('wander', 'Wandering');
insert into house values ('aue', 'Haus Aue'), ('berg', 'Haus am Berg bravo'), ('celle', 'Haus Celle bravo');
insert into carer select code, n, 'Carer ' || n || ' of ' || name, '0511 ' || name from house, generate_series(1, 2) n;
insert into carer_contract select house, no, '2024-01-01', 'P7, ' || full_name from carer;
insert into resident select code, '10' || n, 'Resident ' || n || ' of ' || name, 'dementia, ' || name from house, generate_series(1, 2) n;
insert into resident_doctor select house, room, 'Dr. for ' || full_name from resident;
insert into shift select house, '2026-01-10', no, 'alone, ' || full_name from carer where no = 1;
insert into round select house, night, carer_no, '02:00', remark from shift;
insert into round_finding select r.house, r.night, r.carer_no, r.at, s.room, 'fall', 'on the floor, ' || s.full_name from round r join resident s using (house);

create materialized view inside.figures as
  select f.house, h.name, date_trunc('year', night)::date as year, kind, count(*) as findings, string_agg(distinct s.full_name, ', ') as who
  from public.round_finding f join public.house h on h.code = f.house join public.resident s using (house, room) group by 1, 2, 3, 4;
create index on inside.figures (house, year);

do $$
declare t text;
begin
  foreach t in array array['carer', 'carer_contract', 'resident', 'resident_doctor', 'shift', 'round', 'round_finding'] loop
    execute format('alter table public.%I enable row level security', t);
    execute format('create policy house on public.%I using (house = (select my_house()))', t);
    if t <> 'carer_contract' and t <> 'carer' then
      execute format('grant select, insert, update, delete on public.%I to nightguard_house', t);
    end if;
  end loop;
end $$;
alter table house enable row level security;
create policy own on house for select using (code = (select my_house()));

create view public.my_figures with (security_barrier = true) as
  select house, name, year, kind, findings, who from inside.figures where house = public.my_house();
create view public.my_carers with (security_barrier = true) as
  select c.house, c.no, c.full_name, max(k.since) as since
  from public.carer c join public.carer_contract k on (k.house, k.carer_no) = (c.house, c.no)
  where c.house = public.my_house() group by 1, 2, 3;

grant select on public.finding_kind, public.house, public.my_figures, public.my_carers to nightguard_house;
grant select (house, no, full_name) on public.carer to nightguard_house;
reset role;
