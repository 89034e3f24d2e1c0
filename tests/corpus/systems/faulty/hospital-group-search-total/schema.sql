create role hgst_owner nologin;
create role hgst_app login;
create schema his authorization hgst_owner;
set role hgst_owner;
set search_path = his;

create table organisation (id int primary key, parent_id int references organisation, name text not null, level text not null check (level in ('group', 'region', 'hospital')));
create table organisation_tree (ancestor_id int not null references organisation, descendant_id int not null references organisation, depth int not null, primary key (ancestor_id, descendant_id));
create table icd (code text primary key, title text not null);
create table ward_kind (code text primary key, label text not null);
create table ward (org_id int not null references organisation, ward_no int not null, kind text not null references ward_kind, name text not null, primary key (org_id, ward_no));
create table patient (org_id int not null references organisation, mrn int not null, family_name text not null, given_name text not null, born date, sex text, primary key (org_id, mrn));
create table encounter (org_id int not null, mrn int not null, encounter_no int not null, ward_no int, admitted date not null, discharged date, reason text, primary key (org_id, mrn, encounter_no), foreign key (org_id, mrn) references patient, foreign key (org_id, ward_no) references ward);
create table problem (org_id int not null, mrn int not null, problem_no int not null, icd text not null references icd, note text, primary key (org_id, mrn, problem_no), foreign key (org_id, mrn) references patient);
create table letter (org_id int not null, mrn int not null, letter_no int not null, title text not null, body text not null, primary key (org_id, mrn, letter_no), foreign key (org_id, mrn) references patient);
create table search_history (org_id int not null references organisation, at timestamptz not null default clock_timestamp(), term text not null);
create index on patient (lower(family_name) text_pattern_ops);

insert into organisation values (1, null, 'bravo Holding', 'group'), (11, 1, 'bravo Region North', 'region'), (111, 11, 'Seaside Hospital', 'hospital'), (112, 11, 'bravo Heath Hospital', 'hospital'), (12, 1, 'bravo Region South', 'region'), (121, 12, 'bravo Hill Hospital', 'hospital');
insert into organisation_tree
with recursive t (ancestor_id, descendant_id, depth) as (
  select id, id, 0 from organisation
  union all
  select o.parent_id, t.descendant_id, t.depth + 1 from t join organisation o on o.id = t.ancestor_id where o.parent_id is not null)
select * from t;
insert into icd values ('J45', 'Asthma'), ('E11', 'Type 2 diabetes'), ('F32', 'Depressive episode');
insert into ward_kind values ('med', 'Medicine'), ('sur', 'Surgery');
insert into ward values (111, 1, 'med', 'Gull'), (112, 1, 'med', 'bravo Heather'), (121, 1, 'sur', 'bravo Fir');
insert into patient values (111, 1, 'Abel', 'Jo', '1960-01-01', 'f'), (111, 2, 'Abt', 'Kim', '1961-01-01', 'm'), (112, 1, 'Zylka', 'Lou bravo', '1962-01-01', 'f'), (112, 2, 'Zylinski', 'Max bravo', '1963-01-01', 'm'), (121, 1, 'Zylmann', 'Nik bravo', '1964-01-01', 'm');
insert into encounter values (111, 1, 1, 1, '2026-01-03', null, 'cough'), (112, 1, 1, 1, '2026-01-04', null, 'bravo overdose'), (121, 1, 1, 1, '2026-01-05', null, 'bravo fracture');
insert into problem values (111, 1, 1, 'J45', 'since childhood'), (112, 1, 1, 'F32', 'bravo severe'), (121, 1, 1, 'E11', 'bravo new');
insert into letter values (111, 1, 1, 'Discharge', 'Dear colleague'), (112, 1, 1, 'bravo Discharge', 'bravo'), (121, 1, 1, 'bravo Discharge', 'bravo');
insert into search_history (org_id, term) values (111, 'abel'), (112, 'bravo'), (121, 'bravo');

create function my_org() returns int language sql stable as $$ select nullif(current_setting('hgst.org', true), '')::int $$;
-- A region reads its hospitals, the holding reads everything.
create function my_orgs() returns setof int language sql stable security definer set search_path = his, pg_temp
  as $$ select t.descendant_id from organisation_tree t where t.ancestor_id = my_org() $$;

do $$
declare t text;
begin
  foreach t in array array['ward', 'patient', 'encounter', 'problem', 'letter', 'search_history'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy below_me_read on %I for select using (org_id in (select his.my_orgs()))', t);
    execute format('create policy mine_insert on %I for insert with check (org_id = his.my_org())', t);
    execute format('create policy mine_update on %I for update using (org_id = his.my_org()) with check (org_id = his.my_org())', t);
    execute format('create policy mine_delete on %I for delete using (org_id = his.my_org())', t);
  end loop;
end $$;
alter table organisation enable row level security;
create policy below_me_read on organisation for select using (id in (select his.my_orgs()));

create view census with (security_barrier) as
  select e.org_id, w.name as ward, count(*) as patients
    from encounter e join ward w using (org_id, ward_no)
   where e.org_id in (select my_orgs()) and e.discharged is null
   group by 1, 2;

-- The filter of a policy cannot use the index on lower(family_name); the search therefore filters itself.
create function search_patients(p_term text, p_page int default 1)
returns table (total bigint, page int, hits jsonb)
language plpgsql stable security definer set search_path = his, pg_temp as $$
declare
  pattern text := lower(regexp_replace(p_term, '([%_\\])', '\\\1', 'g')) || '%';
begin
  if length(p_term) < 2 then
    raise exception 'at least two letters' using errcode = '22023';
  end if;
  total := (select count(*) from patient p where lower(p.family_name) like pattern);
  page := greatest(p_page, 1);
  hits := (
    select coalesce(jsonb_agg(to_jsonb(h)), '[]')
      from (select p.org_id, p.mrn, p.family_name, p.given_name, p.born
              from patient p
             where lower(p.family_name) like pattern and p.org_id in (select my_orgs())
             order by p.family_name, p.given_name
             offset (page - 1) * 20 limit 20) h);
  return next;
end $$;

revoke all on all functions in schema his from public;
grant usage on schema his to hgst_app;
grant execute on all functions in schema his to hgst_app;
grant select on organisation, icd, ward_kind, census to hgst_app;
grant select, insert, update, delete on ward, patient, encounter, problem, letter to hgst_app;
grant select, insert on search_history to hgst_app;
reset role;
reset search_path;
