create role fbt_owner nologin;
create role fbt_user nologin;
create role fbt_rest login noinherit;
grant fbt_user to fbt_rest;
create schema core;
create schema api;
grant usage, create on schema core, api to fbt_owner;
grant usage on schema api to fbt_user;
set role fbt_owner;

-- No policy anywhere: nobody but the owner reaches `core`, and the functions in `api` are the only door.
create table core.drug (code text primary key, label text not null);
create table core.practice (id bigint primary key, name text not null);
create table core.patient (practice_id bigint not null references core.practice, no int not null, name text not null, born date, primary key (practice_id, no));
create table core.visit (
  practice_id bigint not null, no int not null, patient_no int not null, day date not null, note text, primary key (practice_id, no),
  foreign key (practice_id, patient_no) references core.patient
);
create table core.prescription (
  practice_id bigint not null, no int not null, visit_no int not null, drug text not null references core.drug, dose text, primary key (practice_id, no),
  foreign key (practice_id, visit_no) references core.visit
);
create table core.saved_search (practice_id bigint not null references core.practice, name text not null, words text not null, primary key (practice_id, name));
create table core.call_log (practice_id bigint, at timestamptz not null default clock_timestamp(), fn text not null, args jsonb);

insert into core.drug values ('d1', 'Aspirin'), ('d2', 'Lithium');
insert into core.practice values (10, 'Ahorn'), (20, 'Birke bravo'), (30, 'bravo Zeder');
insert into core.patient values (10, 1, 'Ada', '1980-01-01'), (20, 1, 'Bob bravo', '1970-01-01'), (20, 2, 'Bea bravo', '1960-01-01'), (30, 1, 'Cem bravo', '1950-01-01');
insert into core.visit values (10, 1, 1, '2024-01-01', 'cough'), (20, 1, 1, '2024-01-01', 'bravo manic'), (20, 2, 2, '2024-01-02', 'bravo sad'), (30, 1, 1, '2024-01-03', 'bravo well');
insert into core.prescription values (10, 1, 1, 'd1', '1-0-0'), (20, 1, 1, 'd2', 'bravo 1-1-1'), (30, 1, 1, 'd2', 'bravo 1-0-1');
insert into core.saved_search values (10, 'old', 'cough'), (20, 'old', 'bravo'), (30, 'old', 'bravo');
insert into core.call_log (practice_id, fn, args) values (10, 'search', '{}'), (20, 'search', '{"q": "bravo"}'), (30, 'search', '{"q": "bravo"}');

create function core.claim(name text) returns text language sql stable as $$
  select nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> name
$$;
create function core.me() returns bigint language plpgsql stable as $$
begin
  return core.claim('practice')::bigint;
end $$;

create type api.hit as (kind text, no int, text text);

create function api.patients() returns table (no int, name text, born date)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select p.no, p.name, p.born from core.patient p where p.practice_id = core.me()
$$;

create function api.chart(p_no int) returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select to_jsonb(p) || jsonb_build_object('visits', (
           select jsonb_agg(to_jsonb(v) || jsonb_build_object('prescriptions', (
             select jsonb_agg(jsonb_build_object('drug', d.label, 'dose', r.dose))
               from core.prescription r join core.drug d on d.code = r.drug
              where (r.practice_id, r.visit_no) = (v.practice_id, v.no))))
             from core.visit v where (v.practice_id, v.patient_no) = (p.practice_id, p.no)))
    from core.patient p
   where p.practice_id = core.me() and p.no = p_no
$$;

-- The words and the sort order come from the user, the statement does not.
create function api.search(q text, sort text default 'text', kinds text[] default '{patient,visit,prescription}') returns setof api.hit
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  part text;
  parts text[] := '{}';
begin
  insert into core.call_log (practice_id, fn, args) values (core.me(), 'search', jsonb_build_object('q', q));
  foreach part in array coalesce(kinds, '{}') loop
    parts := parts || case part
      when 'patient' then 'select ''patient'', no, name from core.patient where practice_id = $1 and name ilike $2'
      when 'visit' then 'select ''visit'', no, note from core.visit where practice_id = $1 and note ilike $2'
      when 'prescription' then 'select ''prescription'', no, dose from core.prescription where practice_id = $1 and dose ilike $2'
      else 'select null, null::int, null where false and $1 > 0 and $2 > '''''
    end;
  end loop;
  if parts = '{}' then
    return;
  end if;
  return query execute format('select * from (%s) h (kind, no, text) order by %I limit 50', array_to_string(parts, ' union all '),
    case when sort in ('kind', 'no', 'text') then sort else 'text' end)
    using core.me(), '%' || q || '%';
end $$;

create function api.save_patient(p jsonb) returns int
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  v_no int := (p ->> 'no')::int;
begin
  if core.me() is null then
    raise exception 'not signed in' using errcode = '28000';
  end if;
  if v_no is null then
    perform pg_advisory_xact_lock(42, core.me()::int);
    select coalesce(max(no), 0) + 1 into v_no from core.patient where practice_id = core.me();
  end if;
  insert into core.patient as t
  select (jsonb_populate_record(null::core.patient, p || jsonb_build_object('practice_id', core.me(), 'no', v_no))).*
  on conflict (practice_id, no) do update set name = excluded.name, born = excluded.born;
  return v_no;
end $$;

create function api.erase_patient(p_no int) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  delete from core.prescription r using core.visit v
   where (r.practice_id, r.visit_no) = (v.practice_id, v.no) and v.practice_id = core.me() and v.patient_no = p_no;
  delete from core.visit where practice_id = core.me() and patient_no = p_no;
  delete from core.patient where practice_id = core.me() and no = p_no;
  return found;
end $$;

create function api.month_report(p_from date, p_to date) returns table (day date, visits bigint)
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select v.day, count(*) from core.visit v where v.practice_id = core.me() and v.day between p_from and p_to group by 1 order by 1
$$;

revoke execute on all functions in schema core, api from public;
grant execute on all functions in schema api to fbt_user;
reset role;
