create role heimgruppe_owner nologin;
create role heimgruppe_staff nologin;
create role heimgruppe_app login noinherit;
grant heimgruppe_staff to heimgruppe_app;
create schema care authorization heimgruppe_owner;
set role heimgruppe_owner;
set search_path = care;

create table level (no int primary key, title text not null);
create table care_degree (no int primary key check (no between 1 and 5), title text not null);
-- group, home, ward: a tree; the top of each tree is the customer
create table org (id int primary key, root_id int not null references org, parent_id int references org, level int not null references level, name text not null);
create index on org (parent_id);
create table room (root_id int not null, org_id int not null references org, no text not null, beds int not null, remark text not null, primary key (org_id, no));
create table resident (root_id int not null, org_id int not null references org, no int not null, name text not null, degree int references care_degree, likes text, primary key (org_id, no));
create table stay (
  root_id int not null, org_id int not null, resident_no int not null, room_no text not null, since date not null, till date, remark text, primary key (org_id, resident_no, since),
  foreign key (org_id, resident_no) references resident (org_id, no) on delete cascade, foreign key (org_id, room_no) references room (org_id, no));
create table care_note (
  root_id int not null, org_id int not null, id uuid not null default gen_random_uuid(), resident_no int not null, body text not null, written_at timestamptz not null default now(), primary key (org_id, id),
  foreign key (org_id, resident_no) references resident (org_id, no) on delete cascade);
create table medication (
  root_id int not null, org_id int not null, resident_no int not null, pos int not null, drug text not null, scheme text not null, primary key (org_id, resident_no, pos),
  foreign key (org_id, resident_no) references resident (org_id, no) on delete cascade);
create table incident (root_id int not null, org_id int not null references org, no int not null, story text not null, primary key (org_id, no));
create table guideline (root_id int not null, org_id int not null references org, title text not null, body text not null, primary key (org_id, title));
create table journal (root_id int not null, org_id int not null references org, at timestamptz not null default clock_timestamp(), who name not null default current_user, what text not null);

create function current_org() returns int language sql stable as $$ select nullif(current_setting('care.org', true), '')::int $$;
create function my_orgs() returns setof int language sql stable security definer set search_path = care, pg_temp as $$
  with recursive below as (
    select o.id from org o where o.id = current_org()
    union
    select o.id from org o join below b on o.parent_id = b.id
  )
  select id from below
$$;

-- whatever the client sends as the root is replaced by the root of the place; reports group by it
create function set_root() returns trigger language plpgsql set search_path = care, pg_temp as $$
begin
  new.root_id := (select o.root_id from org o where o.id = new.org_id);
  return new;
end $$;

insert into level values (1, 'Group'), (2, 'Home'), (3, 'Ward');
insert into care_degree values (2, 'considerable'), (4, 'most severe');
insert into org values
  (1, 1, null, 1, 'Sankt Anna'), (10, 1, 1, 2, 'Haus Anna'), (11, 1, 10, 3, 'Ward Rose'), (12, 1, 1, 2, 'Haus Joachim'),
  (2, 2, null, 1, 'Diakonie West bravo'), (20, 2, 2, 2, 'Haus Kiefer bravo'), (21, 2, 20, 3, 'Ward Zapfen bravo'),
  (3, 3, null, 1, 'Residenz bravo'), (30, 3, 3, 2, 'Residenz am See bravo');

do $$
declare t text;
begin
  foreach t in array array['room', 'resident', 'stay', 'care_note', 'medication', 'incident', 'guideline', 'journal'] loop
    execute format('create trigger a_root before insert or update on %I for each row execute function set_root()', t);
  end loop;
end $$;
insert into room (org_id, no, beds, remark) select id, '101', 2, 'window to the garden, ' || name from org where level > 1;
insert into resident (org_id, no, name, degree, likes) select id, n, 'Resident ' || n || ' of ' || name, 2, 'tea, ' || name from org, generate_series(1, 2) n where level > 1;
insert into stay (org_id, resident_no, room_no, since, remark) select org_id, no, '101', '2025-06-01', 'moved in: ' || name from resident;
insert into care_note (org_id, resident_no, body) select org_id, no, 'Slept well. ' || name from resident;
insert into medication (org_id, resident_no, pos, drug, scheme) select org_id, no, 1, 'Ramipril for ' || name, '1-0-0 ' || name from resident;
insert into incident (org_id, no, story) select org_id, 1, 'Fall in the bath: ' || name from resident where no = 1;
insert into guideline (org_id, title, body) select id, 'Fasting, ' || name, 'Offer water. ' || name from org where level = 1;
insert into journal (org_id, what) select org_id, 'note on ' || name from resident;

do $$
declare t text;
begin
  foreach t in array array['room', 'resident', 'stay', 'care_note', 'medication', 'incident'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy below on %I to heimgruppe_staff using (org_id in (select my_orgs())) with check (org_id in (select my_orgs()))', t);
  end loop;
end $$;
alter table org enable row level security;
create policy below on org for select to heimgruppe_staff using (id in (select my_orgs()));
alter table guideline enable row level security;
create policy below on guideline to heimgruppe_staff using (org_id in (select my_orgs())) with check (org_id in (select my_orgs()));
-- a ward reads what its home and its group laid down
create function org_root() returns int language sql stable security definer set search_path = care, pg_temp as $$
  select o.root_id from org o where o.id = current_org()
$$;
create policy of_group on guideline for select to heimgruppe_staff using (root_id = org_root());
alter table journal enable row level security;
create policy reads on journal for select to heimgruppe_staff using (org_id in (select my_orgs()));
create policy adds on journal for insert to heimgruppe_staff with check (org_id in (select my_orgs()) and who = current_user);

create function move_resident(from_org int, resident int, to_org int) returns int language plpgsql set search_path = care, pg_temp as $$
declare next_no int;
begin
  select coalesce(max(r.no), 0) + 1 into next_no from resident r where r.org_id = to_org;
  insert into resident (org_id, no, name, degree, likes) select to_org, next_no, r.name, r.degree, r.likes from resident r where r.org_id = from_org and r.no = resident;
  if not found then return null; end if;
  insert into medication (org_id, resident_no, pos, drug, scheme)
    select to_org, next_no, m.pos, m.drug, m.scheme from medication m where m.org_id = from_org and m.resident_no = resident;
  delete from resident r where r.org_id = from_org and r.no = resident;
  insert into journal (org_id, what) values (to_org, 'moved in from ' || from_org);
  return next_no;
end $$;
create function occupancy() returns table (home text, residents bigint, beds bigint) language sql stable security definer set search_path = care, pg_temp as $$
  select o.name, (select count(*) from stay s where s.org_id = o.id and s.till is null), (select sum(r.beds) from room r where r.org_id = o.id)
    from org o where o.id in (select my_orgs()) order by o.name
$$;

grant usage on schema care to heimgruppe_staff;
grant select on all tables in schema care to heimgruppe_staff;
grant insert, update, delete on room, resident, stay, care_note, medication, incident, guideline to heimgruppe_staff;
grant insert (org_id, what) on journal to heimgruppe_staff;
reset search_path;
reset role;
