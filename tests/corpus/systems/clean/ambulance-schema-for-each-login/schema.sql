create role ambsch_owner nologin;
create role ambsch_crew nologin;
create role ambsch_adebar login;
create role ambsch_bussard login;
create role ambsch_condor login;
grant ambsch_crew to ambsch_adebar, ambsch_bussard, ambsch_condor;

create schema base authorization ambsch_owner;
create schema ambsch_adebar authorization ambsch_owner;
create schema ambsch_bussard authorization ambsch_owner;
create schema ambsch_condor authorization ambsch_owner;
set role ambsch_owner;

grant usage on schema base to ambsch_crew;
grant usage on schema ambsch_adebar to ambsch_adebar;
grant usage on schema ambsch_bussard to ambsch_bussard;
grant usage on schema ambsch_condor to ambsch_condor;

create table base.hospital (code text primary key, name text not null);
create table base.material (code text primary key, title text not null);
create table base.release (no int primary key, applied_on date not null);
grant select on base.hospital, base.material to ambsch_crew;

-- every station has the same tables in the schema that is called like its login
create procedure base.create_station(station text) language plpgsql as $$
begin
  execute format('create table %1$I.vehicle (station text not null default %1$L check (station = %1$L), call_sign text primary key, equipment text not null)', station);
  execute format('create table %1$I.trip (station text not null default %1$L check (station = %1$L), no int primary key, call_sign text not null references %1$I.vehicle, km int not null,
    patient text not null, hospital text references base.hospital)', station);
  execute format('create table %1$I.used_material (station text not null default %1$L check (station = %1$L), trip_no int not null references %1$I.trip on delete cascade,
    material text not null references base.material, qty int not null, remark text not null, primary key (trip_no, material))', station);
  execute format('create table %1$I.invoice (station text not null default %1$L check (station = %1$L), no int primary key, trip_no int not null references %1$I.trip, addressee text not null, cents int not null)', station);
  execute format('create table %1$I.rota (station text not null default %1$L check (station = %1$L), day date not null, person text not null, remark text not null, primary key (day, person))', station);
  execute format('create view %1$I.unbilled as select t.station, t.no, t.patient, t.km from %1$I.trip t where not exists (select from %1$I.invoice i where i.trip_no = t.no)', station);
  -- granted widely, and nobody gets into the schema without its usage
  execute format('grant select on all tables in schema %I to ambsch_crew', station);
  execute format('grant insert, update, delete on %1$I.vehicle, %1$I.trip, %1$I.used_material, %1$I.invoice, %1$I.rota to %1$I', station);
end $$;
revoke execute on procedure base.create_station(text) from public;
call base.create_station('ambsch_adebar');
call base.create_station('ambsch_bussard');
call base.create_station('ambsch_condor');

insert into base.hospital values ('UK', 'University hospital'), ('KH', 'District hospital');
insert into base.material values ('GLV', 'Gloves'), ('INF', 'Infusion');
insert into base.release values (1, '2025-01-01'), (2, '2026-01-01');
do $$
declare s text; label text;
begin
  for s, label in values ('ambsch_adebar', 'Adebar'), ('ambsch_bussard', 'Bussard bravo'), ('ambsch_condor', 'Condor bravo') loop
    execute format('insert into %I.vehicle (call_sign, equipment) select n || ''/83'', %2$L from generate_series(1, 2) n', s, 'stretcher of ' || label);
    execute format('insert into %I.trip (no, call_sign, km, patient, hospital) select n, ''1/83'', 10 + n, n || %2$L, ''UK'' from generate_series(1, 4) n', s, '. patient of ' || label);
    execute format('insert into %1$I.used_material (trip_no, material, qty, remark) select no, ''GLV'', 2, ''size M; '' || patient from %1$I.trip', s);
    execute format('insert into %1$I.invoice (no, trip_no, addressee, cents) select no, no, patient, km * 250 from %1$I.trip where no < 3', s);
    execute format('insert into %I.rota (day, person, remark) values (''2026-06-01'', %2$L, %3$L)', s, 'Medic of ' || label, 'swaps with the night, ' || label);
  end loop;
end $$;

-- common functions: the owner's rights, the schema of whoever is connected
create function base.enter_km(trip int, driven int) returns boolean language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare done int;
begin
  if to_regclass(format('%I.trip', session_user)) is null then
    raise exception 'no station';
  end if;
  execute format('update %I.trip set km = $2 where no = $1', session_user) using trip, driven;
  get diagnostics done = row_count;
  return done > 0;
end $$;

create function base.bill(trip int, to_whom text) returns int language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare next_no int;
begin
  execute format('select coalesce(max(no), 0) + 1 from %I.invoice', session_user) into next_no;
  execute format('insert into %1$I.invoice (no, trip_no, addressee, cents) select $1, t.no, $3, t.km * 250 from %1$I.trip t where t.no = $2', session_user) using next_no, trip, to_whom;
  return next_no;
end $$;

create function base.yearly(list text) returns table (no int, who text) language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  if list = 'trip' then
    return query execute format('select no, patient from %I.trip', session_user);
  elsif list = 'invoice' then
    return query execute format('select no, addressee from %I.invoice', session_user);
  end if;
end $$;
reset role;
