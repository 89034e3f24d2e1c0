create role vbsl_owner nologin;
create role vbsl_staff nologin;
create role vbsl_adler login;
create role vbsl_biber login;
create role vbsl_dachs login;
grant vbsl_staff to vbsl_adler, vbsl_biber, vbsl_dachs;
create schema bus authorization vbsl_owner;
set role vbsl_owner;
set search_path = bus;

create table office (office text primary key, login name not null unique, title text not null);
create table vaccine (code text primary key, title text not null);
create table refusal (code text primary key, title text not null);
create table vehicle (office text not null references office, plate text not null, title text not null, primary key (office, plate));
create table person (office text not null references office, person_no text not null, name text not null, born date, primary key (office, person_no));
create table dose (
  office text not null,
  local_id text not null,
  person_no text not null,
  vaccine text not null references vaccine,
  lot text not null,
  given_at timestamptz not null,
  changed_at timestamptz not null,
  remark text,
  primary key (office, local_id),
  foreign key (office, person_no) references person
);
create table dose_refused (office text not null, person_no text not null, refusal text not null references refusal, remark text, primary key (office, person_no, refusal), foreign key (office, person_no) references person);
create table document (office text not null, document_id text not null, person_no text, title text not null, body text not null, imported_at timestamptz not null default now(), primary key (office, document_id), foreign key (office, person_no) references person);
create table tombstone (office text not null references office, local_id text not null, deleted_at timestamptz not null default clock_timestamp(), remark text, primary key (office, local_id));
create table sync_run (office text not null references office, at timestamptz not null default clock_timestamp(), took text not null);

insert into office values ('adler', 'vbsl_adler', 'Adler County'), ('biber', 'vbsl_biber', 'bravo Biber County'), ('dachs', 'vbsl_dachs', 'bravo Dachs County');
insert into vaccine values ('mmr', 'Measles, mumps, rubella'), ('tbe', 'Tick-borne encephalitis');
insert into refusal values ('fear', 'Fear'), ('ill', 'Ill today');
insert into vehicle values ('adler', 'AD-1', 'the white one'), ('biber', 'BI-1', 'bravo van'), ('dachs', 'DA-1', 'bravo van');
insert into person values ('adler', 'p1', 'Tilda', '2019-01-01'), ('biber', 'p1', 'Ugo bravo', '2018-01-01'), ('dachs', 'p1', 'Vera bravo', '2017-01-01');
insert into dose values ('adler', 'tab1-1', 'p1', 'mmr', 'L1', '2026-02-01', '2026-02-01', null), ('biber', 'tab1-1', 'p1', 'mmr', 'bravo L2', '2026-02-01', '2026-02-01', 'bravo fever'), ('dachs', 'tab1-2', 'p1', 'tbe', 'bravo L3', '2026-02-01', '2026-02-01', 'bravo');
insert into dose_refused values ('adler', 'p1', 'fear', null), ('biber', 'p1', 'ill', 'bravo cold'), ('dachs', 'p1', 'fear', 'bravo');
insert into document values ('adler', 'd1', 'p1', 'consent', 'signed'), ('biber', 'd1', 'p1', 'bravo consent', 'bravo signed'), ('dachs', 'd2', 'p1', 'bravo consent', 'bravo signed');
insert into tombstone (office, local_id, remark) values ('adler', 'tab1-9', null), ('biber', 'tab1-8', 'bravo'), ('dachs', 'tab1-7', 'bravo');
insert into sync_run (office, took) values ('adler', '1 row'), ('biber', 'bravo 1 row'), ('dachs', 'bravo 1 row');

-- session_user on purpose: the functions below are definer, where current_user is the owner.
create function my_office() returns text language sql stable security definer set search_path = bus, pg_temp
  as $$ select o.office from office o where o.login = session_user $$;
do $$
declare t text;
begin
  foreach t in array array['office', 'vehicle', 'person', 'dose', 'dose_refused', 'document', 'tombstone', 'sync_run'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy by_login on %I to vbsl_staff using (office = (select bus.my_office())) with check (office = (select bus.my_office()))', t);
  end loop;
end $$;

-- The last change wins. Two offices may have the same number: the key begins with the office.
create function push_doses(p_rows jsonb) returns int
language plpgsql security definer set search_path = bus, pg_temp as $$
declare
  n int;
begin
  insert into dose as d (office, local_id, person_no, vaccine, lot, given_at, changed_at, remark)
  select my_office(), r.local_id, r.person_no, r.vaccine, r.lot, r.given_at, least(r.changed_at, now()), r.remark
    from jsonb_populate_recordset(null::dose, p_rows) r
   where not exists (select from tombstone t where t.office = my_office() and t.local_id = r.local_id)
  on conflict (office, local_id) do update
    set lot = excluded.lot, remark = excluded.remark, changed_at = excluded.changed_at
    where d.changed_at < excluded.changed_at;
  get diagnostics n = row_count;
  insert into sync_run (office, took) values (my_office(), n || ' rows');
  return n;
end $$;

create function drop_doses(p_ids text[]) returns int
language plpgsql security definer set search_path = bus, pg_temp as $$
declare
  n int;
begin
  with gone as (delete from dose d where d.office = my_office() and d.local_id = any (p_ids) returning d.office, d.local_id)
  insert into tombstone (office, local_id) select office, local_id from gone on conflict do nothing;
  get diagnostics n = row_count;
  return n;
end $$;

create function pull(p_since timestamptz default '-infinity') returns jsonb
language sql stable security definer set search_path = bus, pg_temp as $$
  select jsonb_build_object(
    'doses', (select coalesce(jsonb_agg(to_jsonb(d) order by d.local_id), '[]') from dose d where d.office = my_office() and d.changed_at > p_since),
    'deleted', (select coalesce(jsonb_agg(t.local_id), '[]') from tombstone t where t.office = my_office() and t.deleted_at > p_since))
$$;

-- Whatever office the file names, it is imported into the own one.
create function import_documents(p_file jsonb) returns setof text
language sql security definer set search_path = bus, pg_temp as $$
  insert into document (office, document_id, person_no, title, body)
  select my_office(), r.document_id, r.person_no, r.title, coalesce(r.body, '')
    from jsonb_populate_recordset(null::document, p_file) r
  on conflict (office, document_id) do update set title = excluded.title, body = excluded.body
  returning document_id
$$;

create function search_documents(p_words text, p_sort text default 'title') returns table (document_id text, title text)
language plpgsql stable security definer set search_path = bus, pg_temp as $$
begin
  if p_sort not in ('title', 'imported_at', 'document_id') then
    raise exception 'cannot sort by that' using errcode = '22023';
  end if;
  return query execute format(
    'select d.document_id, d.title from document d where d.office = %L and to_tsvector(''simple'', d.title || '' '' || d.body) @@ plainto_tsquery(''simple'', %L) order by d.%I',
    my_office(), p_words, p_sort);
end $$;

revoke all on all functions in schema bus from public;
grant usage on schema bus to vbsl_staff;
grant execute on all functions in schema bus to vbsl_staff;
grant select on all tables in schema bus to vbsl_staff;
grant insert, update, delete on vehicle, person, dose_refused to vbsl_staff;
reset role;
reset search_path;
