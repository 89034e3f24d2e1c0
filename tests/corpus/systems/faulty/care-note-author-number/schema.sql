create role rundgang_owner nologin;
create role rundgang_app login;
alter schema public owner to rundgang_owner;
set role rundgang_owner;

create table care_level (level int primary key, title text not null, monthly_budget numeric(8,2) not null);
create table service_code (code text primary key, title text not null, points int not null);
create table station (code text primary key, name text not null, town text not null);
create table carer (station text not null references station, no int not null, name text not null, phone text, primary key (station, no));
create table client (station text not null references station, no int not null, name text not null, address text not null, level int references care_level, primary key (station, no));
create table relative (station text not null, client_no int not null, name text not null, phone text not null, primary key (station, client_no, name),
  foreign key (station, client_no) references client (station, no) on delete cascade);
create table round (station text not null references station, day date not null, no int not null, carer_no int not null, title text not null, primary key (station, day, no),
  foreign key (station, carer_no) references carer (station, no));
create table visit (station text not null, day date not null, round_no int not null, seq int not null, client_no int not null, instruction text, primary key (station, day, round_no, seq),
  foreign key (station, day, round_no) references round (station, day, no) on delete cascade,
  foreign key (station, client_no) references client (station, no));
create table visit_service (station text not null, day date not null, round_no int not null, seq int not null, code text not null references service_code, remark text,
  primary key (station, day, round_no, seq, code),
  foreign key (station, day, round_no, seq) references visit (station, day, round_no, seq) on delete cascade);
create table care_note (
  station text not null references station,
  no int not null,
  client_no int not null,
  author_no int not null,
  written_at timestamptz not null default now(),
  confidential boolean not null default false,
  body text not null,
  primary key (station, no),
  foreign key (station, client_no) references client (station, no),
  foreign key (station, author_no) references carer (station, no)
);
create table care_note_reading (station text not null, note_no int not null, carer_no int not null, comment text, primary key (station, note_no, carer_no),
  foreign key (station, note_no) references care_note (station, no) on delete cascade);

create function current_station() returns text language sql stable as
$$ select nullif(current_setting('rundgang.station', true), '') $$;
create function current_carer() returns int language sql stable as
$$ select nullif(current_setting('rundgang.carer', true), '')::int $$;

insert into care_level values (2, 'Considerable', 761), (3, 'Severe', 1432);
insert into service_code values ('01', 'Small wash', 220), ('08', 'Help with eating', 250);
insert into station values ('HAV', 'Station Havel', 'Potsdam'), ('ODR', 'Station Oder bravo', 'Frankfurt'), ('SPR', 'Station Spree bravo', 'Cottbus');
insert into carer select code, n, 'Carer ' || n || ' of ' || name, '0331 ' || n from station, generate_series(1, 3) n;
insert into client select code, n, 'Client ' || n || ' of ' || name, 'Lane ' || n || ', ' || town, 2 from station, generate_series(1, 4) n;
insert into relative select station, no, 'Daughter of ' || name, '0170 ' || no from client;
insert into round select station, date '2026-03-02', no, no, 'Morning of ' || name from carer;
insert into visit select station, date '2026-03-02', 1, no, no, 'Key under the pot, ' || name from client;
insert into visit_service select station, day, round_no, seq, '01', 'as agreed: ' || instruction from visit;
insert into care_note (station, no, client_no, author_no, confidential, body)
  select station, no, no, 1 + no % 3, no % 2 = 0, 'Has eaten little. ' || name from client;
insert into care_note_reading select station, no, 1, 'seen: ' || body from care_note;

do $$
declare t text;
begin
  foreach t in array array['carer', 'client', 'relative', 'round', 'visit', 'visit_service', 'care_note_reading'] loop
    execute format('alter table %I enable row level security, force row level security', t);
    execute format('create policy station on %I using (station = current_station())', t);
  end loop;
end $$;
alter table station enable row level security, force row level security;
create policy own on station for select using (code = current_station());

-- everybody of the station reads what is not confidential; the author alone reads and corrects the rest
alter table care_note enable row level security, force row level security;
create policy colleagues on care_note for select using (station = current_station() and not confidential);
create policy writes on care_note for insert with check (station = current_station() and author_no = current_carer());
create policy author_reads on care_note for select using (author_no = current_carer());
create policy author_corrects on care_note for update using (author_no = current_carer() and station = current_station());

create view confidential_of_mine with (security_invoker = true) as
  select n.no, n.written_at, c.name as client, n.body
  from care_note n join client c on c.station = n.station and c.no = n.client_no where n.confidential;

grant select on all tables in schema public to rundgang_app;
grant insert, update, delete on carer, client, relative, round, visit, visit_service, care_note_reading to rundgang_app;
grant insert, update (body, confidential) on care_note to rundgang_app;
reset role;
