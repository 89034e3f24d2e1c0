create role pindle_owner nologin;
create role pindle_node login;
alter schema public owner to pindle_owner;
set role pindle_owner;

create function at_org() returns text language sql stable return nullif(current_setting('pindle.org', true), '');

create table ward_kind (code text primary key, title text not null);
create table diet (code text primary key, title text not null);
-- carriers, and the houses below them
create table org (id text primary key, parent text references org, title text not null);
create table org_above (id text not null references org, above text not null references org, title text not null, primary key (id, above));
create table room (org text not null references org, no text not null, kind text not null references ward_kind, note text not null, primary key (org, no));
create table resident (org text not null references org, no int not null, full_name text not null, room_no text, diet text references diet, left_on date, primary key (org, no),
  foreign key (org, room_no) references room (org, no));
create table relative (org text not null, resident_no int not null, full_name text not null, phone text, primary key (org, resident_no, full_name),
  foreign key (org, resident_no) references resident (org, no) on update cascade on delete cascade);
create table daily_note (org text not null, resident_no int not null, at timestamptz not null, body text not null, primary key (org, resident_no, at),
  foreign key (org, resident_no) references resident (org, no) on update cascade on delete cascade);
create table transfer (org text not null references org, resident_no int not null, from_title text not null, on_day date not null, primary key (org, resident_no, on_day));
-- one row per resident for the search box; seen_by spares the walk through the tree
create table finder (org text not null, resident_no int not null, words text not null, seen_by text[] not null, primary key (org, resident_no),
  foreign key (org, resident_no) references resident (org, no) on update cascade on delete cascade);
create index on finder using gin (seen_by);

create function keep_finder() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare readers text[];
begin
  select array_agg(above order by above) into readers from org_above where id = new.org;
  if tg_op = 'INSERT' then
    insert into finder values (new.org, new.no, lower(new.full_name), readers);
  elsif new.org <> old.org then
    -- the key has come along by the cascade; the new carrier must see it too
    update finder set words = lower(new.full_name),
      seen_by = (select array_agg(distinct r order by r) from unnest(seen_by || readers) r)
      where (org, resident_no) = (new.org, new.no);
  else
    update finder set words = lower(new.full_name) where (org, resident_no) = (new.org, new.no);
  end if;
  return null;
end $$;

insert into ward_kind values ('S', 'Single'), ('D', 'Double');
insert into diet values ('N', 'Normal'), ('P', 'Purée');
insert into org values ('ca', null, 'Caritas bravo'), ('ca-1', 'ca', 'Haus Anna'), ('dk', null, 'Diakonie bravo'), ('dk-1', 'dk', 'Haus Martha bravo'), ('jo', null, 'Johanniter bravo'), ('jo-1', 'jo', 'Haus Jona bravo');
insert into org_above select id, id, title from org;
insert into org_above select id, parent, title from org where parent is not null;
insert into room select id, n::text, 'S', 'window, ' || title from org, generate_series(1, 3) n where parent is not null;

create trigger found after insert or update of org, full_name on resident for each row execute function keep_finder();
insert into resident select id, ascii(id) * 10 + n, 'Resident ' || n || ' of ' || title, n::text, 'N' from org, generate_series(1, 2) n where parent is not null;
-- moved over from Haus Anna in autumn, and has a new file there
insert into resident values ('ca-1', 77, 'Gertrud Vogel', null, 'P');
update resident set org = 'dk-1', full_name = 'Gertrud Vogel bravo' where no = 77;
insert into transfer values ('dk-1', 77, 'from elsewhere, bravo', '2025-10-01');
insert into relative select org, no, 'Son of ' || full_name, '0231' from resident;
insert into daily_note select org, no, '2026-01-02 07:00+00', 'slept well: ' || full_name from resident;

do $$
declare t text;
begin
  foreach t in array array['room', 'resident', 'relative', 'daily_note', 'transfer'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy below on %I using (exists (select from org_above a where a.id = org and a.above = at_org()))', t);
  end loop;
end $$;
alter table org enable row level security;
create policy below on org for select using (exists (select from org_above a where a.id = org.id and a.above = at_org()));
alter table org_above enable row level security;
create policy below on org_above for select using (above = at_org());
alter table finder enable row level security;
create policy readers on finder for select using (at_org() = any (seen_by));

-- a house is left for another of the same carrier
create function move_resident(p_from text, p_no int, p_to text) returns void language plpgsql as $$
begin
  update resident set org = p_to, room_no = null where org = p_from and no = p_no;
  if not found then raise exception 'no such resident'; end if;
end $$;

revoke execute on function keep_finder() from public;
grant select on all tables in schema public to pindle_node;
grant insert, update, delete on room, resident, relative, daily_note to pindle_node;
grant insert on transfer to pindle_node;
reset role;
