create role cna_owner nologin;
create role cna_app login;
revoke create on schema public from public;
grant create on schema public to cna_owner;
set role cna_owner;

create table country (code text primary key, label text not null);
create table house (id int primary key, parent_id int references house, name text not null);
create table ward (house_id int not null references house, code text not null, title text not null, primary key (house_id, code));
create table patient (house_id int not null references house, chart_no int not null, name text not null, country text references country, primary key (house_id, chart_no));
create table stay (
  house_id int not null, chart_no int not null, ward text not null, from_day date not null, reason text, primary key (house_id, chart_no, from_day),
  foreign key (house_id, chart_no) references patient, foreign key (house_id, ward) references ward
);
create table letter (house_id int not null, no int not null, chart_no int not null, body text not null, primary key (house_id, no), foreign key (house_id, chart_no) references patient);
create table letter_archive (house_id int not null references house, no int not null, body text not null, removed_at timestamptz not null default clock_timestamp());

insert into country values ('de', 'Germany'), ('at', 'Austria');
insert into house values (1, null, 'Alpine Group'), (2, null, 'bravo Group'), (21, 2, 'bravo Valley Hospital'), (211, 21, 'bravo Valley Annex'), (3, null, 'Coast bravo');
insert into ward values (1, 'w1', 'Surgery'), (2, 'w1', 'bravo Surgery'), (21, 'w1', 'bravo Medicine'), (211, 'w1', 'bravo Geriatrics'), (3, 'w1', 'bravo Eye');
insert into patient values (1, 1, 'Ada', 'de'), (1, 2, 'Ari', 'at'), (2, 1, 'Bo bravo', 'de'), (21, 1, 'Bai bravo', 'de'), (21, 4070, 'Bip bravo', 'at'), (211, 4071, 'Bug bravo', 'de'), (3, 7, 'Coy bravo', 'at');
insert into stay values (1, 1, 'w1', '2024-01-01', 'leg'), (2, 1, 'w1', '2024-01-01', 'bravo'), (21, 1, 'w1', '2024-01-01', 'bravo'), (211, 4071, 'w1', '2024-01-01', 'bravo'), (3, 7, 'w1', '2024-01-01', 'bravo');
insert into letter values (1, 1, 1, 'Dear colleague'), (2, 1, 1, 'bravo letter'), (21, 1, 1, 'bravo letter'), (3, 1, 7, 'bravo letter');
insert into letter_archive (house_id, no, body) values (1, 90, 'old'), (2, 90, 'bravo old'), (3, 90, 'bravo old');

create function my_house() returns int language sql stable as $$ select nullif(current_setting('his.house', true), '')::int $$;
-- A group works in all of its houses, a house in itself and its annexes.
create function my_houses() returns setof int
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  with recursive h as (
    select id from house where id = my_house()
    union
    select c.id from house c join h on c.parent_id = h.id
  )
  select id from h
$$;
do $$
declare t text;
begin
  foreach t in array array['ward', 'patient', 'stay', 'letter', 'letter_archive'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy my_houses on %I using (house_id in (select my_houses()))', t);
  end loop;
end $$;
alter table house enable row level security;
create policy my_houses on house using (id in (select my_houses()));

create function give_chart_no() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  perform pg_advisory_xact_lock(7711, new.house_id);
  select coalesce(max(p.chart_no), 0) + 1 into new.chart_no from patient p;
  return new;
end $$;
create trigger give_chart_no before insert on patient for each row execute function give_chart_no();

create function give_letter_no() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  perform pg_advisory_xact_lock(7712, new.house_id);
  select coalesce(max(l.no), 0) + 1 into new.no from letter l where l.house_id = new.house_id;
  return new;
end $$;
create trigger give_letter_no before insert on letter for each row execute function give_letter_no();

create function archive_letter() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  insert into letter_archive (house_id, no, body) values (old.house_id, old.no, old.body);
  return null;
end $$;
create trigger archive_letter after delete on letter for each row execute function archive_letter();

create view occupancy with (security_barrier) as
  select w.house_id, w.code, w.title, (select count(*) from stay s where s.house_id = w.house_id and s.ward = w.code) as stays
    from ward w where w.house_id in (select my_houses());

revoke execute on all functions in schema public from public;
grant execute on function my_house(), my_houses() to cna_app;
grant select on country, house, letter_archive, occupancy to cna_app;
grant select, insert, update, delete on ward, stay to cna_app;
grant select, insert (house_id, name, country), update (name, country), delete on patient to cna_app;
grant select, insert (house_id, chart_no, body), update (body), delete on letter to cna_app;
reset role;
