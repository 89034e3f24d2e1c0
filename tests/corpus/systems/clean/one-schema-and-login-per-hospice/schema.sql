create role ombrel_owner nologin;
create role ombrel_staff nologin;
create role ombrel_iris login in role ombrel_staff;
create role ombrel_juno login in role ombrel_staff;
create role ombrel_kora login in role ombrel_staff;
create schema kit authorization ombrel_owner;
grant usage on schema kit to ombrel_staff;

set role ombrel_owner;
create table kit.symptom (code text primary key, title text not null);
create table kit.drug (atc text primary key, title text not null, narcotic boolean not null);
create table kit.letter_template (code text primary key, body text not null);
insert into kit.symptom values ('pain', 'Pain'), ('dysp', 'Dyspnoea');
insert into kit.drug values ('N02AA01', 'Morphine', true), ('A03FA01', 'Metoclopramide', false);
insert into kit.letter_template values ('admission', 'Dear family of {name}, welcome.');
grant select on all tables in schema kit to ombrel_staff;

-- runs as whoever calls it and meets that one's schema through the search path
create function kit.write_letter(p_guest int, p_code text) returns text language plpgsql stable as $$
declare n text; b text;
begin
  execute 'select full_name from guest where no = $1' into n using p_guest;
  select body into b from kit.letter_template where code = p_code;
  return replace(b, '{name}', n);
end $$;
create function kit.score_of(p_guest int, p_schema text default current_user::text) returns numeric language plpgsql stable as $$
declare s numeric;
begin
  execute format('select avg(strength) from %I.complaint where guest_no = $1', replace(p_schema, 'ombrel_', 'h_')) into s using p_guest;
  return s;
end $$;
-- narcotics are counted by the authority: numbers go in here, and nobody of a house reads them
create table kit.narcotic_report (house name not null default current_user, drug text not null references kit.drug, month date not null, amount numeric not null, remark text, primary key (house, drug, month));
alter table kit.narcotic_report enable row level security;
create policy files on kit.narcotic_report for insert to ombrel_staff with check (house = current_user);
create policy sees on kit.narcotic_report for select to ombrel_staff using (house = current_user);
grant select, insert on kit.narcotic_report to ombrel_staff;
reset role;

do $$
declare h text; label text;
begin
  foreach h in array array['iris', 'juno', 'kora'] loop
    label := 'Hospiz ' || initcap(h) || case when h <> 'iris' then ' bravo' else '' end;
    execute format('create schema h_%s authorization ombrel_owner', h);
    execute format('set local search_path = h_%s', h);
    set local role ombrel_owner;
    create table guest (no int primary key, full_name text not null, room text, gone_on date);
    create table complaint (guest_no int not null references guest on delete cascade, at timestamptz not null, symptom text not null references kit.symptom, strength int not null, remark text, primary key (guest_no, at, symptom));
    create table dose (guest_no int not null references guest on delete cascade, at timestamptz not null, drug text not null references kit.drug, mg numeric not null, given_by text not null, primary key (guest_no, at, drug));
    create table volunteer (no int primary key, full_name text not null, free_on int[]);
    create view present as select no, full_name, room from guest where gone_on is null;
    execute format('insert into guest select n, ''Guest '' || n || '' of '' || %L, n::text from generate_series(1, 3) n', label);
    insert into complaint select no, '2026-01-01 06:00+00', 'pain', 4, 'at night, ' || full_name from guest;
    insert into dose select no, '2026-01-01 06:10+00', 'N02AA01', 10, 'nurse of ' || full_name from guest;
    execute format('insert into volunteer select n, ''Volunteer '' || n || '' of '' || %L, ''{1,3}'' from generate_series(1, 2) n', label);
    execute format('insert into kit.narcotic_report values (%L, ''N02AA01'', ''2026-01-01'', 30, %L)', 'ombrel_' || h, 'counted at ' || label);
    execute format('grant usage on schema h_%s to ombrel_%s', h, h);
    execute format('grant select, insert, update, delete on guest, complaint, dose, volunteer to ombrel_%s', h);
    execute format('grant select on present to ombrel_%s', h);
    reset role;
    execute format('alter role ombrel_%s set search_path = h_%s, kit', h, h);
  end loop;
end $$;
reset search_path;
