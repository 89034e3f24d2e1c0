create role notruf_owner nologin;
create role notruf_app login;
alter schema public owner to notruf_owner;
set role notruf_owner;

create table device_type (code text primary key, title text not null);
create table alarm_reason (code text primary key, title text not null, urgent boolean not null);
create table carrier (code text primary key, name text not null);
create table station (carrier text not null references carrier, code text not null, parent text, name text not null, primary key (carrier, code),
  foreign key (carrier, parent) references station (carrier, code));
-- every station above and the station itself, kept by the trigger
create table station_closure (carrier text not null, above text not null, below text not null, remark text, primary key (carrier, above, below),
  foreign key (carrier, above) references station (carrier, code) on delete cascade,
  foreign key (carrier, below) references station (carrier, code) on delete cascade);
create table participant (carrier text not null, station text not null, no int not null, name text not null, key_safe text not null, primary key (carrier, no),
  foreign key (carrier, station) references station (carrier, code));
create table contact (carrier text not null, station text not null, participant_no int not null, seq int not null, name text not null, primary key (carrier, participant_no, seq),
  foreign key (carrier, participant_no) references participant (carrier, no) on delete cascade);
create table device (carrier text not null, station text not null, serial text not null, type text not null references device_type, participant_no int not null, remark text, primary key (carrier, serial),
  foreign key (carrier, participant_no) references participant (carrier, no) on delete cascade);
create table alarm (carrier text not null, station text not null, participant_no int not null, at timestamptz not null, reason text not null references alarm_reason, text text not null,
  primary key (carrier, participant_no, at), foreign key (carrier, participant_no) references participant (carrier, no) on delete cascade) partition by range (at);
create table alarm_2025 partition of alarm for values from ('2025-01-01') to ('2026-01-01');
create table alarm_2026 partition of alarm for values from ('2026-01-01') to ('2027-01-01');
create table alarm_rest partition of alarm default;
create table call_log (carrier text not null, station text not null, participant_no int not null, at timestamptz not null, line int not null, said text not null, primary key (carrier, participant_no, at, line)) partition by hash (carrier);
create table call_log_0 partition of call_log for values with (modulus 2, remainder 0);
create table call_log_1 partition of call_log for values with (modulus 2, remainder 1);

create function keep_closure() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into station_closure
  select new.carrier, c.above, new.code, 'within ' || new.name from station_closure c where c.carrier = new.carrier and c.below = new.parent
  union all select new.carrier, new.code, new.code, 'itself, ' || new.name;
  return null;
end $$;
create trigger closure after insert on station for each row execute function keep_closure();

create function may_see(p_carrier text, p_station text) returns boolean language sql stable security definer set search_path = public, pg_temp as $$
  select exists (select from station_closure c where c.carrier = nullif(current_setting('notruf.carrier', true), '') and c.above = nullif(current_setting('notruf.station', true), '')
    and c.carrier = p_carrier and c.below = p_station)
$$;

insert into device_type values ('BASE', 'Base station'), ('PEND', 'Pendant');
insert into alarm_reason values ('FALL', 'Fall', true), ('TEST', 'Test', false);
insert into carrier values ('awk', 'AWK Ostsee'), ('bhd', 'BHD Binnen bravo'), ('cvd', 'CVD Kueste bravo');
insert into station select code, 'HQ', null, 'Centre of ' || name from carrier;
insert into station select code, 'ST' || n, 'HQ', 'Post ' || n || ' of ' || name from carrier, generate_series(1, 2) n;
insert into participant select carrier, code, row_number() over (partition by carrier order by code), 'Participant of ' || name, 'code 4711 at ' || name from station;
insert into contact select carrier, station, no, 1, 'Neighbour of ' || name from participant;
insert into device select carrier, station, 'D' || no, 'BASE', no, 'in the hall of ' || name from participant;
insert into alarm select carrier, station, no, d, 'FALL', 'Lay in the bath. ' || name from participant, unnest(array[timestamptz '2025-07-01 10:00+00', '2026-02-01 10:00+00', '2027-02-01 10:00+00']) d;
insert into call_log select carrier, station, participant_no, at, 1, 'Are you hurt? ' || text from alarm;

-- row-level security of the parent alone: a partition has neither a policy nor a grant, and nobody reads it by its own name
do $$
declare t text;
begin
  foreach t in array array['participant', 'contact', 'device', 'alarm', 'call_log'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy stations on %I using (may_see(carrier, station)) with check (may_see(carrier, station))', t);
    execute format('grant select, insert, update, delete on %I to notruf_app', t);
  end loop;
end $$;
alter table station enable row level security;
create policy stations on station for select using (may_see(carrier, code));
alter table carrier enable row level security;
create policy own on carrier for select using (code = nullif(current_setting('notruf.carrier', true), ''));

create view open_alarms with (security_invoker = true) as
  select a.at, r.title, p.name, p.key_safe from alarm a join alarm_reason r on r.code = a.reason join participant p on p.carrier = a.carrier and p.no = a.participant_no;
create function alarms_of_year(p_year int) returns setof alarm language plpgsql stable as
$$ begin return query select * from alarm a where a.at >= make_date(p_year, 1, 1) and a.at < make_date(p_year + 1, 1, 1); end $$;
create function drop_year(p_year int) returns void language plpgsql as $$ begin execute format('drop table %I', 'alarm_' || p_year); end $$;
revoke execute on function drop_year(int) from public;

grant select on device_type, alarm_reason, carrier, station, open_alarms to notruf_app;
reset role;
