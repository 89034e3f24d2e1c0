create role suche_owner nologin;
create role suche_gateway login noinherit;
create role suche_user nologin;
grant suche_user to suche_gateway;
alter schema public owner to suche_owner;
create schema search_private authorization suche_owner;
set role suche_owner;

create table icd (code text primary key, title text not null);
create table org (id uuid primary key, name text not null);
create table doctor (org_id uuid not null references org, id uuid not null default gen_random_uuid(), name text not null, primary key (org_id, id));
create table patient (org_id uuid not null references org, id uuid not null default gen_random_uuid(), name text not null, born date, phone text, primary key (org_id, id));
create table problem (org_id uuid not null, patient_id uuid not null, icd text not null references icd, remark text not null, primary key (org_id, patient_id, icd),
  foreign key (org_id, patient_id) references patient (org_id, id) on delete cascade);
create table letter (org_id uuid not null, id uuid not null default gen_random_uuid(), patient_id uuid not null, title text not null, body text not null, primary key (org_id, id),
  foreign key (org_id, patient_id) references patient (org_id, id) on delete cascade);
create table appointment (org_id uuid not null, doctor_id uuid not null, starts_at timestamptz not null, patient_id uuid not null, reason text not null, primary key (org_id, doctor_id, starts_at),
  foreign key (org_id, doctor_id) references doctor (org_id, id),
  foreign key (org_id, patient_id) references patient (org_id, id) on delete cascade);
-- the index of everybody, in a schema that the application cannot enter
create table search_private.entry (org_id uuid not null references org, kind text not null, id uuid not null, patient_id uuid not null, title text not null, body text not null, changed_at timestamptz not null default now(),
  words tsvector generated always as (to_tsvector('simple', title || ' ' || body)) stored, primary key (org_id, kind, id));
create index on search_private.entry using gin (words);
create table search_private.query_log (org_id uuid not null references org, at timestamptz not null default clock_timestamp(), id uuid not null default gen_random_uuid(), terms text not null, primary key (org_id, at, id));

create function claim_org() returns uuid language sql stable as
$$ select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'org_id')::uuid $$;

create function search_private.note_patient() returns trigger language plpgsql security definer set search_path = search_private, public, pg_temp as $$
begin
  if tg_op <> 'INSERT' then delete from search_private.entry where org_id = old.org_id and kind = 'patient' and id = old.id; end if;
  if tg_op <> 'DELETE' then
    insert into search_private.entry (org_id, kind, id, patient_id, title, body) values (new.org_id, 'patient', new.id, new.id, new.name, concat_ws(' ', new.born, new.phone));
  end if;
  return null;
end $$;
create function search_private.note_letter() returns trigger language plpgsql security definer set search_path = search_private, public, pg_temp as $$
begin
  if tg_op <> 'INSERT' then delete from search_private.entry where org_id = old.org_id and kind = 'letter' and id = old.id; end if;
  if tg_op <> 'DELETE' then
    insert into search_private.entry (org_id, kind, id, patient_id, title, body) values (new.org_id, 'letter', new.id, new.patient_id, new.title, new.body);
  end if;
  return null;
end $$;
create trigger note after insert or update or delete on patient for each row execute function search_private.note_patient();
create trigger note after insert or update or delete on letter for each row execute function search_private.note_letter();

-- built as a string because of the order; what comes from the caller goes in as parameters
create function search(p_terms text, p_kind text default null, p_order text default 'title', p_limit int default 20)
returns table (kind text, id uuid, title text, headline text)
language plpgsql security definer set search_path = public, pg_temp as $$
declare v_org uuid := claim_org();
begin
  if v_org is null then raise exception 'not signed in' using errcode = '28000'; end if;
  if p_order not in ('title', 'changed_at') then raise exception 'cannot order by this' using errcode = '22023'; end if;
  insert into search_private.query_log (org_id, terms) select o.id, coalesce(p_terms, '') from org o where o.id = v_org;
  return query execute format(
    'select e.kind, e.id, e.title, ts_headline(''simple'', e.body, plainto_tsquery(''simple'', $2))
     from search_private.entry e
     where e.org_id = $1 and e.words @@ plainto_tsquery(''simple'', $2) and ($3 is null or e.kind = $3)
     order by e.%I limit least($4, 100)', p_order)
    using v_org, p_terms, p_kind, p_limit;
end $$;
create function search_total(p_terms text) returns bigint language sql stable security definer set search_path = public, pg_temp as
$$ select count(*) from search_private.entry e where e.org_id = claim_org() and e.words @@ plainto_tsquery('simple', p_terms) $$;

insert into icd values ('I10', 'Hypertension'), ('E11', 'Diabetes type 2');
insert into org values ('5ea00000-0000-4000-8000-0000000000a1', 'MVZ Ahorn'), ('5ea00000-0000-4000-8000-0000000000b2', 'MVZ Buche bravo'), ('5ea00000-0000-4000-8000-0000000000c3', 'MVZ Cassel bravo');
insert into doctor (org_id, name) select id, 'Dr ' || n || ' of ' || name from org, generate_series(1, 2) n;
insert into patient (org_id, name, born, phone) select id, 'Patient ' || n || ' of ' || name, date '1948-08-08' + n, '0561 ' || n from org, generate_series(1, 3) n;
insert into problem select org_id, id, 'I10', 'since 2019, ' || name from patient;
insert into letter (org_id, patient_id, title, body) select org_id, id, 'Letter on ' || name, 'Dear colleague, pressure well controlled.' from patient;
insert into appointment select p.org_id, d.id, '2026-05-05 09:00+00', p.id, 'Check up. ' || p.name from patient p join doctor d using (org_id) where p.name like 'Patient 1%';
insert into search_private.query_log (org_id, terms) select id, 'pressure ' || name from org;

do $$
declare t text;
begin
  foreach t in array array['doctor', 'patient', 'problem', 'letter', 'appointment'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy org on %I to suche_user using (org_id = claim_org())', t);
    execute format('grant select, insert, update, delete on %I to suche_user', t);
  end loop;
end $$;
alter table org enable row level security;
create policy own on org for select to suche_user using (id = claim_org());
grant select on icd, org to suche_user;
reset role;
