create role mwo_owner nologin;
create role mwo_app login;
revoke create on schema public from public;
grant create on schema public to mwo_owner;
set role mwo_owner;

create table blood_group (code text primary key);
create table unit (path text primary key, title text not null);
create table patient (
  unit text not null references unit, id uuid not null default gen_random_uuid(), name text not null, born date, blood text references blood_group,
  merged_into uuid, primary key (unit, id), foreign key (unit, merged_into) references patient
);
create table encounter (unit text not null, id uuid not null default gen_random_uuid(), patient_id uuid not null, note text, primary key (unit, id), foreign key (unit, patient_id) references patient);
create table allergy (unit text not null, patient_id uuid not null, substance text not null, primary key (unit, patient_id, substance), foreign key (unit, patient_id) references patient);
create table document (unit text not null, id uuid not null default gen_random_uuid(), patient_id uuid not null, path text not null, primary key (unit, id), foreign key (unit, patient_id) references patient);
create table merge_log (unit text not null references unit, at timestamptz not null default clock_timestamp(), kept uuid not null, dropped_row jsonb not null);
create table dismissed_pair (unit text not null references unit, one uuid not null, other uuid not null, remark text, primary key (unit, one, other));

insert into blood_group values ('0'), ('A'), ('B');
insert into unit values ('h1', 'Haus Eins'), ('h10', 'Haus Zehn bravo'), ('h10.icu', 'bravo ICU'), ('h2', 'Haus Zwei bravo');
insert into patient (unit, id, name, born, blood) values
  ('h1', 'd1000000-0000-4000-8000-000000000001', 'Ann Oak', '1980-02-02', 'A'), ('h1', 'd1000000-0000-4000-8000-000000000002', 'Anne Oak', '1980-02-02', 'A'),
  ('h10', 'd2000000-0000-4000-8000-000000000001', 'Ann Oak bravo', '1980-02-02', '0'), ('h10.icu', 'd2000000-0000-4000-8000-000000000002', 'Anne Oak bravo', '1980-02-02', '0'),
  ('h2', 'd3000000-0000-4000-8000-000000000001', 'Ann Oak bravo', '1980-02-02', 'B');
insert into encounter values
  ('h1', 'e1000000-0000-4000-8000-000000000001', 'd1000000-0000-4000-8000-000000000002', 'sprain'),
  ('h10', 'e2000000-0000-4000-8000-000000000001', 'd2000000-0000-4000-8000-000000000001', 'bravo sepsis'),
  ('h2', 'e3000000-0000-4000-8000-000000000001', 'd3000000-0000-4000-8000-000000000001', 'bravo birth');
insert into allergy values ('h1', 'd1000000-0000-4000-8000-000000000002', 'nuts'), ('h10', 'd2000000-0000-4000-8000-000000000001', 'bravo latex'), ('h2', 'd3000000-0000-4000-8000-000000000001', 'bravo dust');
insert into document values
  ('h1', 'f1000000-0000-4000-8000-000000000001', 'd1000000-0000-4000-8000-000000000001', 'h1/a.pdf'),
  ('h10', 'f2000000-0000-4000-8000-000000000001', 'd2000000-0000-4000-8000-000000000001', 'bravo/a.pdf'),
  ('h2', 'f3000000-0000-4000-8000-000000000001', 'd3000000-0000-4000-8000-000000000001', 'bravo/b.pdf');
insert into merge_log (unit, kept, dropped_row) values
  ('h1', 'd1000000-0000-4000-8000-000000000001', '{"name": "A. Oak"}'), ('h10', 'd2000000-0000-4000-8000-000000000001', '{"name": "A. Oak bravo"}'), ('h2', 'd3000000-0000-4000-8000-000000000001', '{"name": "bravo"}');
insert into dismissed_pair values
  ('h1', 'd1000000-0000-4000-8000-000000000001', 'd1000000-0000-4000-8000-000000000009', 'twins'), ('h10', 'd2000000-0000-4000-8000-000000000001', 'd2000000-0000-4000-8000-000000000009', 'bravo twins'),
  ('h2', 'd3000000-0000-4000-8000-000000000001', 'd3000000-0000-4000-8000-000000000009', 'bravo twins');

-- `h1` may work in `h1` and `h1.icu`, and not in `h10`.
create function in_my_house(p_unit text) returns boolean language sql stable as $$
  select coalesce(p_unit || '.' like replace(nullif(current_setting('med.unit', true), ''), '_', '\_') || '.%'
                  and nullif(current_setting('med.unit', true), '') !~ '[%\\]', false)
$$;
do $$
declare t text;
begin
  foreach t in array array['patient', 'encounter', 'allergy', 'document', 'merge_log', 'dismissed_pair'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy house on %I using (in_my_house(unit))', t);
  end loop;
end $$;
alter table unit enable row level security;
create policy house on unit using (in_my_house(path));

-- Clerks may neither delete allergies nor touch closed encounters; a merge does both, hence as the owner. Both charts are of one unit, and that unit is theirs.
create function merge_patients(p_unit text, p_keep uuid, p_drop uuid) returns void
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  v_drop patient;
begin
  if in_my_house(p_unit) is not true then
    raise exception 'not your house' using errcode = '42501';
  end if;
  perform from patient where unit = p_unit and id in (p_keep, p_drop) and merged_into is null order by id for update;
  select * into v_drop from patient where unit = p_unit and id = p_drop and merged_into is null;
  if not found or p_keep = p_drop or not exists (select from patient where unit = p_unit and id = p_keep and merged_into is null) then
    raise exception 'nothing to merge';
  end if;
  update encounter set patient_id = p_keep where unit = p_unit and patient_id = p_drop;
  update document set patient_id = p_keep where unit = p_unit and patient_id = p_drop;
  insert into allergy select unit, p_keep, substance from allergy where unit = p_unit and patient_id = p_drop on conflict do nothing;
  delete from allergy where unit = p_unit and patient_id = p_drop;
  update patient set merged_into = p_keep where unit = p_unit and id = p_drop;
  insert into merge_log (unit, kept, dropped_row) values (p_unit, p_keep, to_jsonb(v_drop));
end $$;

-- Looks at all pairs and shows those of the own house.
create function likely_duplicates() returns table (unit text, one text, other text)
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select a.unit, a.name, b.name
    from patient a
    join patient b on b.born = a.born and left(b.name, 3) = left(a.name, 3) and a.id < b.id
   where in_my_house(a.unit) and in_my_house(b.unit) and a.unit = b.unit
     and a.merged_into is null and b.merged_into is null
     and not exists (select from dismissed_pair d where d.unit = a.unit and d.one = a.id and d.other = b.id)
$$;

-- Follows a chart that was merged; the owner's view, kept to the house.
create view current_chart with (security_barrier) as
  select p.unit, p.id as asked_for, coalesce(k.id, p.id) as id, coalesce(k.name, p.name) as name
    from patient p left join patient k on k.unit = p.unit and k.id = p.merged_into
   where in_my_house(p.unit);

revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to mwo_app;
grant select on blood_group, unit, merge_log, current_chart to mwo_app;
grant select, insert, update (name, born, blood) on patient to mwo_app;
grant select, insert on encounter, allergy, document to mwo_app;
grant select, insert, delete on dismissed_pair to mwo_app;
reset role;
