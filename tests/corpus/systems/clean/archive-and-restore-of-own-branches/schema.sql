create role aro_owner nologin;
create role aro_archivist nologin;
create role aro_app login;
create schema rec;
create schema archive;
grant usage, create on schema rec, archive to aro_owner;
grant usage on schema rec, archive to aro_app, aro_archivist;
set role aro_owner;

create table rec.visit_kind (code text primary key, label text not null);
create table rec.branch (id bigint primary key, name text not null);
create table rec.patient (branch_id bigint not null references rec.branch, no int not null, name text not null, primary key (branch_id, no));
create table rec.visit (branch_id bigint not null, no int not null, patient_no int not null, kind text references rec.visit_kind, note text, primary key (branch_id, no), foreign key (branch_id, patient_no) references rec.patient);
create table rec.bill (branch_id bigint not null, no int not null, patient_no int not null, text text not null, amount numeric, primary key (branch_id, no), foreign key (branch_id, patient_no) references rec.patient);
create table archive.entry (
  branch_id bigint not null references rec.branch, id uuid not null default gen_random_uuid(), source text not null, doc jsonb not null,
  removed_at timestamptz not null default clock_timestamp(), primary key (branch_id, id)
);
create table archive.hold (branch_id bigint not null references rec.branch, patient_no int not null, reason text not null, primary key (branch_id, patient_no));
create table archive.retention (source text primary key, years int not null);

insert into rec.visit_kind values ('c', 'Check'), ('e', 'Emergency');
insert into rec.branch values (7, 'Allee'), (8, 'bravo Ring'), (9, 'bravo Tor'), (10, 'Chaussee bravo');
insert into rec.patient values (7, 1, 'Arno'), (8, 1, 'Bela bravo'), (9, 1, 'Brix bravo'), (10, 1, 'Cleo bravo');
insert into rec.visit values (7, 1, 1, 'c', 'fine'), (8, 1, 1, 'e', 'bravo fall'), (9, 1, 1, 'c', 'bravo fine'), (10, 1, 1, 'e', 'bravo burn');
insert into rec.bill values (7, 1, 1, 'check', 10), (8, 1, 1, 'bravo check', 10), (9, 1, 1, 'bravo check', 10), (10, 1, 1, 'bravo check', 10);
insert into archive.entry (branch_id, id, source, doc) values
  (7, 'ac000000-0000-4000-8000-000000000007', 'visit', '{"branch_id": 7, "no": 20, "patient_no": 1, "kind": "c", "note": "old"}'),
  (8, 'ac000000-0000-4000-8000-000000000008', 'visit', '{"branch_id": 8, "no": 20, "patient_no": 1, "kind": "e", "note": "bravo old"}'),
  (10, 'ac000000-0000-4000-8000-000000000010', 'bill', '{"branch_id": 10, "no": 20, "patient_no": 1, "text": "bravo old", "amount": 3}');
insert into archive.hold values (7, 1, 'court'), (8, 1, 'bravo court'), (10, 1, 'bravo court');
insert into archive.retention values ('visit', 10), ('bill', 8);

create function rec.branches() returns bigint[] language sql stable as $$
  select coalesce(string_to_array(nullif(current_setting('rec.branches', true), ''), ',')::bigint[], '{}')
$$;

-- Open to whoever may read at all, and then narrowed for everybody but the archivist: both must agree.
do $$
declare t text;
begin
  foreach t in array array['rec.patient', 'rec.visit', 'rec.bill', 'archive.entry', 'archive.hold'] loop
    execute format('alter table %s enable row level security', t);
    execute format('create policy everyone on %s as permissive using (true) with check (true)', t);
    execute format('create policy own_branches on %s as restrictive using (branch_id = any (rec.branches()) or current_user = ''aro_archivist'') '
                   'with check (branch_id = any (rec.branches()))', t);
  end loop;
end $$;
alter table rec.branch enable row level security;
create policy everyone on rec.branch using (true);
create policy own_branches on rec.branch as restrictive using (id = any (rec.branches()));

create function archive.keep() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into archive.entry (branch_id, source, doc) values (old.branch_id, tg_table_name, to_jsonb(old));
  return null;
end $$;
create trigger keep after delete on rec.visit for each row execute function archive.keep();
create trigger keep after delete on rec.bill for each row execute function archive.keep();

-- Puts a row back where it was. The branch is the entry's column, never what its document says.
create function archive.restore(p_id uuid) returns text
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  e archive.entry;
begin
  delete from archive.entry where id = p_id and branch_id = any (rec.branches()) returning * into e;
  if not found then
    raise exception 'nothing to restore';
  end if;
  e.doc := e.doc || jsonb_build_object('branch_id', e.branch_id);
  if e.source = 'visit' then
    insert into rec.visit select (jsonb_populate_record(null::rec.visit, e.doc)).*;
  elsif e.source = 'bill' then
    insert into rec.bill select (jsonb_populate_record(null::rec.bill, e.doc)).*;
  end if;
  return e.source;
end $$;

create function archive.purge(p_branch bigint default null) returns bigint
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  n bigint;
begin
  delete from archive.entry e using archive.retention r
   where r.source = e.source and e.removed_at < now() - make_interval(years => r.years)
     and e.branch_id = any (rec.branches()) and e.branch_id = coalesce(p_branch, e.branch_id)
     and not exists (select from archive.hold h where h.branch_id = e.branch_id and h.patient_no = (e.doc ->> 'patient_no')::int);
  get diagnostics n = row_count;
  return n;
end $$;

create view archive.patient_history with (security_barrier) as
  select e.branch_id, (e.doc ->> 'patient_no')::int as patient_no, p.name, e.source, e.doc
    from archive.entry e
    join rec.patient p on p.branch_id = e.branch_id and p.no = (e.doc ->> 'patient_no')::int
   where e.branch_id = any (rec.branches());

revoke execute on all functions in schema rec, archive from public;
grant execute on function rec.branches(), archive.restore(uuid), archive.purge(bigint) to aro_app;
grant execute on function rec.branches() to aro_archivist;
grant select on rec.visit_kind, rec.branch, archive.entry, archive.hold, archive.retention, archive.patient_history to aro_app;
grant select, insert, update, delete on rec.patient, rec.visit, rec.bill to aro_app;
grant insert, delete on archive.hold to aro_app;
grant select on archive.entry, archive.hold to aro_archivist;
reset role;
