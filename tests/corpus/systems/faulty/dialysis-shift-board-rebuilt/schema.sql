create role dsbr_owner nologin;
create role dsbr_app login;
create schema dialysis authorization dsbr_owner;
set role dsbr_owner;
set search_path = dialysis;

create table center (code text primary key, name text not null);
create table shift_kind (code text primary key, label text not null, begins time not null);
create table machine_model (model text primary key, maker text not null);
create table station (center text not null references center, station_no int not null, model text not null references machine_model, label text not null, primary key (center, station_no));
create table nurse (center text not null references center, nurse_no int not null, name text not null, primary key (center, nurse_no));
create table patient (center text not null references center, patient_no int not null, name text not null, dry_weight numeric, hepatitis text, primary key (center, patient_no));
create table vascular_access (center text not null, patient_no int not null, access_no int not null, kind text not null, site text not null, primary key (center, patient_no, access_no), foreign key (center, patient_no) references patient);
create table shift_plan (
  center text not null,
  day date not null,
  shift text not null references shift_kind,
  station_no int not null,
  patient_no int not null,
  nurse_no int,
  remark text,
  primary key (center, day, shift, station_no),
  foreign key (center, station_no) references station,
  foreign key (center, patient_no) references patient,
  foreign key (center, nurse_no) references nurse
);
create table treatment (center text not null, patient_no int not null, day date not null, ktv numeric, complication text, primary key (center, patient_no, day), foreign key (center, patient_no) references patient);
-- What hangs on the wall: one row per shift, made anew whenever the plan changes.
create table shift_board (center text not null references center, day date not null, shift text not null references shift_kind, headline text not null, seats jsonb not null, built_at timestamptz not null default now(), primary key (center, day, shift));
create table board_log (center text not null references center, at timestamptz not null default clock_timestamp(), entry text not null);

insert into center values ('sued', 'Dialyse Sued'), ('west', 'bravo Dialyse West'), ('mitte', 'bravo Nierenzentrum');
insert into shift_kind values ('early', 'Early', '06:00'), ('late', 'Late', '12:30'), ('night', 'Night', '22:00');
insert into machine_model values ('5008S', 'FMC'), ('Dialog+', 'B. Braun');
insert into station values ('sued', 1, '5008S', 'window'), ('sued', 2, 'Dialog+', 'door'), ('west', 1, '5008S', 'bravo left'), ('mitte', 1, '5008S', 'bravo right');
insert into nurse values ('sued', 1, 'Doro'), ('west', 1, 'Nils bravo'), ('mitte', 1, 'Pia bravo');
insert into patient values ('sued', 1, 'Hr. Adam', 71.5, 'neg'), ('sued', 2, 'Fr. Behr', 60, 'neg'), ('west', 1, 'Hr. bravo', 88, 'bravo HBV pos'), ('west', 2, 'Fr. bravo', 52, 'bravo neg'), ('mitte', 1, 'Hr. Zobel bravo', 90, 'bravo neg');
insert into vascular_access values ('sued', 1, 1, 'fistula', 'left'), ('west', 1, 1, 'catheter', 'bravo jugular'), ('mitte', 1, 1, 'graft', 'bravo arm');
insert into shift_plan values ('sued', '2026-04-01', 'early', 1, 1, 1, null), ('sued', '2026-04-01', 'early', 2, 2, 1, 'late by 10'), ('west', '2026-04-01', 'early', 1, 1, 1, 'bravo isolate'), ('mitte', '2026-04-01', 'late', 1, 1, 1, 'bravo');
insert into treatment values ('sued', 1, '2026-03-30', 1.4, 'cramp'), ('west', 1, '2026-03-30', 1.1, 'bravo bleeding'), ('mitte', 1, '2026-03-30', 1.3, 'bravo none');
insert into shift_board (center, day, shift, headline, seats) values
  ('sued', '2026-03-30', 'early', '1 seat taken', '[{"station": 1, "patient": "Hr. Adam"}]'),
  ('west', '2026-03-30', 'early', 'bravo: 1 seat taken', '[{"station": 1, "patient": "Hr. bravo"}]'),
  ('mitte', '2026-03-30', 'late', 'bravo: 1 seat taken', '[{"station": 1, "patient": "Hr. Zobel bravo"}]');
insert into board_log (center, entry) values ('sued', 'built 2026-03-30'), ('west', 'bravo built'), ('mitte', 'bravo built');

create function here() returns text language sql stable
  as $$ select nullif(current_setting('dsbr.center', true), '') $$;
do $$
declare t text;
begin
  foreach t in array array['station', 'nurse', 'patient', 'vascular_access', 'shift_plan', 'treatment', 'shift_board', 'board_log'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy center_rows on %I using (center = dialysis.here()) with check (center = dialysis.here())', t);
  end loop;
end $$;
alter table center enable row level security;
create policy center_rows on center using (code = dialysis.here());

-- Boards are read-only for the application; this is the only way to make one.
create function rebuild_shift_board(p_day date) returns int
language plpgsql security definer set search_path = dialysis, pg_temp as $$
declare
  built int;
begin
  if here() is null then
    raise exception 'no center';
  end if;
  delete from shift_board b where b.center = here() and b.day = p_day;
  insert into shift_board (center, day, shift, headline, seats)
  select sp.center, sp.day, sp.shift,
         count(distinct sp.station_no) || ' seats taken',
         jsonb_agg(jsonb_build_object(
           'station', sp.station_no, 'patient', p.name, 'hepatitis', p.hepatitis,
           'nurse', n.name) order by sp.station_no)
    from shift_plan sp
    join patient p on p.patient_no = sp.patient_no
    left join nurse n on n.center = sp.center and n.nurse_no = sp.nurse_no
   where sp.center = here() and sp.day = p_day
   group by sp.center, sp.day, sp.shift;
  get diagnostics built = row_count;
  insert into board_log (center, entry) values (here(), 'built ' || p_day);
  return built;
end $$;

create function seats_free(p_day date, p_shift text) returns bigint language sql stable as $$
  select (select count(*) from dialysis.station) - (select count(*) from dialysis.shift_plan where day = p_day and shift = p_shift)
$$;

revoke all on all functions in schema dialysis from public;
grant usage on schema dialysis to dsbr_app;
grant execute on all functions in schema dialysis to dsbr_app;
grant select on all tables in schema dialysis to dsbr_app;
grant insert, update, delete on station, nurse, patient, vascular_access, shift_plan, treatment to dsbr_app;
reset role;
reset search_path;
