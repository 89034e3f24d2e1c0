create role velbo_owner nologin;
create role velbo_web login;
alter schema public owner to velbo_owner;
set role velbo_owner;

create function current_agency() returns bigint language sql stable
  return nullif(current_setting('velbo.agency', true), '')::bigint;

-- the vendor's own lists
create table phrase_topic (code text primary key, title text not null);
create table phrase_stock (code text primary key, topic text not null references phrase_topic, body text not null);
create table service_code (code text primary key, title text not null, minutes int not null);

create table agency (id bigint primary key, name text not null, town text not null);
create table caregiver (agency_id bigint not null references agency, no int not null, full_name text not null, left_on date, primary key (agency_id, no));
create table client (agency_id bigint not null references agency, no int not null, full_name text not null, street text, care_level int, deleted_at timestamptz, primary key (agency_id, no));
create table contact_person (agency_id bigint not null, client_no int not null, phone text not null, primary key (agency_id, client_no, phone),
  foreign key (agency_id, client_no) references client (agency_id, no) on delete cascade);
create table care_plan (agency_id bigint not null, client_no int not null, service text not null references service_code, weekday int not null check (weekday between 1 and 7), hint text,
  primary key (agency_id, client_no, service, weekday), foreign key (agency_id, client_no) references client (agency_id, no) on delete cascade);
create table visit (agency_id bigint not null, client_no int not null, starts_at timestamptz not null, caregiver_no int not null, report text,
  primary key (agency_id, client_no, starts_at),
  foreign key (agency_id, client_no) references client (agency_id, no) on delete cascade,
  foreign key (agency_id, caregiver_no) references caregiver (agency_id, no));
-- since 2.8 an agency writes phrases of its own; they were part of phrase_stock before
create table care_phrase (
  agency_id bigint not null references agency,
  no int not null,
  topic text not null references phrase_topic,
  body text not null,
  author_no int not null,
  published_at timestamptz,
  primary key (agency_id, no),
  foreign key (agency_id, author_no) references caregiver (agency_id, no));
create table change_log (agency_id bigint not null references agency, at timestamptz not null default clock_timestamp(), what text not null);

create function note_change() returns trigger language plpgsql as $$
begin
  insert into change_log (agency_id, what) values (new.agency_id, tg_table_name || ': ' || new.body);
  return null;
end $$;

insert into phrase_topic values ('skin', 'Skin'), ('mood', 'Mood');
insert into phrase_stock values ('skin-ok', 'skin', 'Skin without findings'), ('mood-calm', 'mood', 'Calm and approachable');
insert into service_code values ('LK1', 'Small wash', 20), ('LK4', 'Medication', 5);
insert into agency values (101, 'Lindenhof', 'Soest'), (102, 'Birkenweg bravo', 'Hamm'), (103, 'Am Markt bravo', 'Unna');
insert into caregiver select id, n, 'Caregiver ' || n || ' of ' || name, null from agency, generate_series(1, 2) n;
insert into client select id, n, 'Client ' || n || ' of ' || name, 'Ring ' || n, 2, null from agency, generate_series(1, 3) n;
insert into contact_person select agency_id, no, 'daughter of ' || full_name from client;
insert into care_plan select agency_id, no, 'LK1', 1, 'key: ' || full_name from client;
insert into visit select agency_id, no, '2026-02-02 08:00+00', 1, 'washed ' || full_name from client;
insert into care_phrase select id, n, 'skin', 'As usual in house ' || name, 1, case when n = 1 then timestamptz '2026-01-05 10:00+00' end from agency, generate_series(1, 2) n;
insert into change_log select agency_id, '2026-01-05 10:00+00', 'care_phrase: ' || body from care_phrase;

create trigger logged after insert or update on care_phrase for each row execute function note_change();

do $$
declare t text;
begin
  foreach t in array array['caregiver', 'client', 'contact_person', 'care_plan', 'visit'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy of_agency on %I using (agency_id = current_agency()) with check (agency_id = current_agency())', t);
  end loop;
end $$;

alter table agency enable row level security, force row level security;
create policy oneself on agency for select using (id = current_agency());
alter table change_log enable row level security, force row level security;
create policy log_read on change_log for select using (agency_id = current_agency());
create policy log_add on change_log for insert with check (agency_id = current_agency());

-- drafts stay at home, what is published can be picked in the report
alter table care_phrase enable row level security, force row level security;
create policy phrase_write on care_phrase using (agency_id = current_agency());
create policy phrase_pick on care_phrase for select using (published_at is not null and published_at <= now());

create view phrase_picker with (security_invoker = true) as
  select topic, body, 'stock' as source from phrase_stock
  union all
  select topic, body, 'own' from care_phrase where agency_id = current_agency() and published_at is not null;

grant select on all tables in schema public to velbo_web;
grant insert, update, delete on caregiver, client, contact_person, care_plan, visit, care_phrase to velbo_web;
grant insert on change_log to velbo_web;
reset role;
