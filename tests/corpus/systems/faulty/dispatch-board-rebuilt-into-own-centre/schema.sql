create role dspbrd_owner nologin;
create role dspbrd_desk login;
alter schema public owner to dspbrd_owner;
set role dspbrd_owner;

create function my_centre() returns text language sql stable return nullif(current_setting('ems.centre', true), '');

create table centre (code text primary key, name text not null);
create table keyword (code text primary key, title text not null, blue_light boolean not null);
create table hospital (code text primary key, name text not null);
create table bed_report (hospital text not null references hospital, ward text not null, free int not null, primary key (hospital, ward));
create table vehicle (centre text not null references centre, call_sign text not null, equipment text not null, primary key (centre, call_sign));
create table crew (centre text not null references centre, no int not null, name text not null, primary key (centre, no));
create table duty (
  centre text not null, day date not null, call_sign text not null, crew_no int not null, remark text not null, primary key (centre, day, call_sign, crew_no),
  foreign key (centre, call_sign) references vehicle (centre, call_sign), foreign key (centre, crew_no) references crew (centre, no)
);
create table mission (
  centre text not null references centre, no int not null, keyword text not null references keyword, address text not null, caller text not null,
  call_sign text, opened_at timestamptz not null, closed_at timestamptz, primary key (centre, no),
  foreign key (centre, call_sign) references vehicle (centre, call_sign)
);
create table handover (
  centre text not null, mission_no int not null, hospital text not null references hospital, finding text not null, primary key (centre, mission_no),
  foreign key (centre, mission_no) references mission (centre, no) on delete cascade
);
create table mission_log (
  centre text not null, mission_no int not null, at timestamptz not null, said text not null, primary key (centre, mission_no, at),
  foreign key (centre, mission_no) references mission (centre, no) on delete cascade
);
-- what hangs on the wall; the joins were too slow for a screen that asks every second
create table board_line (
  centre text not null default my_centre() references centre, id uuid not null default gen_random_uuid(), mission_no int not null,
  line text not null, built_at timestamptz not null default now(), primary key (centre, id)
);
create table vehicle_line (
  centre text not null default my_centre() references centre, id uuid not null default gen_random_uuid(), call_sign text not null,
  line text not null, primary key (centre, id)
);

insert into keyword values ('R1', 'Fall', false), ('R2', 'Chest pain', true), ('KTP', 'Transport', false);
insert into hospital values ('UK', 'University hospital'), ('MA', 'Marien hospital');
insert into bed_report values ('UK', 'stroke unit', 2), ('MA', 'intensive care', 1);
insert into centre values ('ALB', 'Albstadt'), ('BOD', 'Bodensee bravo'), ('CAL', 'Calw bravo');
insert into vehicle select code, n || '/83', 'ventilator of ' || name from centre, generate_series(1, 2) n;
insert into crew select code, n, 'Medic ' || n || ' of ' || name from centre, generate_series(1, 3) n;
insert into duty select v.centre, '2026-05-01', v.call_sign, c.no, c.name || ' drives' from vehicle v join crew c on c.centre = v.centre and c.no = 1;
insert into mission select code, n, 'R2', n || ' Castle Road, ' || name, 'daughter, ' || name, '1/83', timestamptz '2026-05-01 10:00+00' + n * interval '7 min', null
  from centre, generate_series(1, 3) n;
update mission set closed_at = opened_at + interval '1 hour' where no = 1;
insert into handover select centre, no, 'UK', 'ST elevation, ' || caller from mission where no = 1;
insert into mission_log select centre, no, opened_at, 'on the way to ' || address from mission;
insert into board_line (centre, mission_no, line) select centre, no, keyword || ' ' || address from mission where closed_at is null;
insert into vehicle_line (centre, call_sign, line) select centre, call_sign, call_sign || ' with ' || equipment from vehicle;

do $$
declare t text;
begin
  foreach t in array array['vehicle', 'crew', 'duty', 'mission', 'handover', 'mission_log', 'board_line', 'vehicle_line'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy of_centre on %I using (centre = my_centre())', t);
  end loop;
end $$;
alter table centre enable row level security;
create policy of_centre on centre for select using (code = my_centre());

create function rebuild_vehicles() returns int language plpgsql security definer set search_path = public, pg_temp as $$
declare done int;
begin
  delete from vehicle_line where centre = my_centre();
  insert into vehicle_line (call_sign, line)
    select v.call_sign, v.call_sign || ' with ' || v.equipment || coalesce(', ' || string_agg(c.name, ' and '), '')
    from vehicle v left join duty d on d.centre = v.centre and d.call_sign = v.call_sign left join crew c on c.centre = d.centre and c.no = d.crew_no
    where v.centre = my_centre()
    group by v.centre, v.call_sign, v.equipment;
  get diagnostics done = row_count;
  return done;
end $$;

create function rebuild_board() returns int language plpgsql security definer set search_path = public, pg_temp as $$
declare done int;
begin
  delete from board_line where centre = my_centre();
  insert into board_line (mission_no, line)
    select m.no, k.title || ', ' || m.address || coalesce(', ' || m.call_sign, '')
    from mission m join keyword k on k.code = m.keyword
    where m.closed_at is null
    order by k.blue_light desc, m.opened_at;
  get diagnostics done = row_count;
  return done;
end $$;

-- at four in the morning
create function nightly_boards() returns void language plpgsql security definer set search_path = public, pg_temp as $$
declare c text;
begin
  for c in select code from centre loop
    perform set_config('ems.centre', c, true), rebuild_vehicles(), rebuild_board();
  end loop;
end $$;
revoke execute on function nightly_boards() from public;

grant select on all tables in schema public to dspbrd_desk;
grant insert, update on mission, mission_log, handover, duty to dspbrd_desk;
reset role;
