create role pst_owner nologin;
create role pst_app login;
create schema med authorization pst_owner;
set role pst_owner;

create table med.country (iso text primary key, title text not null);
create table med.sex (code text primary key, title text not null);
create table med.clinic (id bigint primary key, name text not null, iso text not null references med.country);
create table med.doctor (clinic_id bigint not null references med.clinic, id bigint not null, full_name text not null, primary key (clinic_id, id));
create table med.patient (
  clinic_id bigint not null references med.clinic,
  id bigint not null,
  full_name text not null,
  sex text not null references med.sex,
  doctor_id bigint,
  primary key (clinic_id, id),
  foreign key (clinic_id, doctor_id) references med.doctor (clinic_id, id)
);
create table med.diagnosis (
  clinic_id bigint not null,
  patient_id bigint not null,
  no int not null,
  wording text not null,
  primary key (clinic_id, patient_id, no),
  foreign key (clinic_id, patient_id) references med.patient (clinic_id, id) on delete cascade
);
create table med.alias (
  clinic_id bigint not null,
  patient_id bigint not null,
  other_name text not null,
  primary key (clinic_id, patient_id, other_name),
  foreign key (clinic_id, patient_id) references med.patient (clinic_id, id) on delete cascade
);
create table med.address (
  clinic_id bigint not null,
  patient_id bigint not null,
  street text not null,
  town text not null,
  primary key (clinic_id, patient_id),
  foreign key (clinic_id, patient_id) references med.patient (clinic_id, id) on delete cascade
);
-- one row a patient: names, other names and diagnoses as one document
create table med.search_row (
  clinic_id bigint not null,
  patient_id bigint not null,
  shown text not null,
  words tsvector not null,
  primary key (clinic_id, patient_id),
  foreign key (clinic_id, patient_id) references med.patient (clinic_id, id) on delete cascade
);
create index on med.search_row using gin (words);
create table med.search_log (clinic_id bigint not null references med.clinic, at timestamptz not null default now(), asked text not null);

create function med.my_clinic() returns bigint language sql stable
  return nullif(current_setting('med.clinic_id', true), '')::bigint;

create function med.index_patient(p_clinic bigint, p_patient bigint) returns void
  language sql security definer set search_path = med, pg_temp as $$
  insert into search_row (clinic_id, patient_id, shown, words)
    select p.clinic_id, p.id, p.full_name,
           to_tsvector('simple', concat_ws(' ', p.full_name,
             (select string_agg(other_name, ' ') from alias a where (a.clinic_id, a.patient_id) = (p.clinic_id, p.id)),
             (select string_agg(wording, ' ') from diagnosis d where (d.clinic_id, d.patient_id) = (p.clinic_id, p.id))))
      from patient p
     where p.clinic_id = p_clinic and p.id = p_patient
  on conflict (clinic_id, patient_id) do update set shown = excluded.shown, words = excluded.words
$$;
revoke execute on function med.index_patient(bigint, bigint) from public;
create function med.index_again() returns trigger language plpgsql security definer set search_path = med, pg_temp as $$
declare
  touched jsonb := case tg_op when 'DELETE' then to_jsonb(old) else to_jsonb(new) end;
begin
  perform index_patient((touched ->> 'clinic_id')::bigint, coalesce(touched ->> 'patient_id', touched ->> 'id')::bigint);
  return null;
end $$;
revoke execute on function med.index_again() from public;
create trigger index_again after insert or update on med.patient for each row execute function med.index_again();
create trigger index_again after insert or update or delete on med.alias for each row execute function med.index_again();
create trigger index_again after insert or update or delete on med.diagnosis for each row execute function med.index_again();

insert into med.country values ('NL', 'Netherlands'), ('BE', 'Belgium');
insert into med.sex values ('f', 'female'), ('m', 'male'), ('x', 'diverse');
insert into med.clinic values (4001, 'Amstel', 'NL'), (4002, 'Beemster bravo', 'NL'), (4003, 'Condroz bravo', 'BE');
insert into med.doctor select id, 1, 'Doctor of ' || name from med.clinic;
insert into med.patient
  select id, n, (array['Jansen', 'Peeters', 'Visser', 'Smit'])[n] || ' at ' || name, 'f', 1 from med.clinic, generate_series(1, 4) n;
insert into med.alias select clinic_id, id, 'born ' || full_name from med.patient where id = 1;
insert into med.diagnosis
  select clinic_id, id, 1, case when clinic_id = 4001 then 'asthma' when id < 3 then 'hepatitis, bravo' else 'asthma, bravo' end from med.patient;
insert into med.address select clinic_id, id, 'Dike ' || id || ', ' || full_name, 'Town of ' || full_name from med.patient;
insert into med.search_log select id, '2026-02-02', 'asthma ' || name from med.clinic;

alter table med.clinic enable row level security;
create policy own on med.clinic for select using (id = med.my_clinic());
do $$
declare t text;
begin
  foreach t in array array['doctor', 'patient', 'diagnosis', 'alias', 'address', 'search_row', 'search_log'] loop
    execute format('alter table med.%I enable row level security', t);
    execute format('create policy own on med.%I using (clinic_id = med.my_clinic())', t);
  end loop;
end $$;

-- @@ is not leakproof: under row-level security the index on words is never used, and counting took seconds
create function med.count_hits(q tsquery) returns bigint language sql stable security definer set search_path = med, pg_temp as $$
  select count(*) from search_row where words @@ q
$$;

create function med.search_patients(asked text, page int default 1) returns jsonb language plpgsql as $$
declare
  q tsquery := websearch_to_tsquery('simple', asked);
  hits jsonb;
begin
  insert into med.search_log (clinic_id, asked) values (med.my_clinic(), asked);
  select coalesce(jsonb_agg(jsonb_build_object('id', s.patient_id, 'shown', s.shown) order by s.shown), '[]')
    into hits
    from (select patient_id, shown from med.search_row where words @@ q order by shown limit 20 offset (greatest(page, 1) - 1) * 20) s;
  return jsonb_build_object('hits', hits, 'total', med.count_hits(q));
end $$;

grant usage on schema med to pst_app;
grant select on med.country, med.sex, med.clinic, med.doctor, med.search_row, med.search_log to pst_app;
grant insert on med.search_log to pst_app;
grant select, insert, update, delete on med.patient, med.diagnosis, med.alias, med.address to pst_app;
reset role;
