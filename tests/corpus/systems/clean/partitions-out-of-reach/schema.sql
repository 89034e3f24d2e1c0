create role dialog_owner nologin;
create role dialog_backup nologin;
create role dialog_app login;
alter schema public owner to dialog_owner;
create schema part authorization dialog_owner;
grant usage on schema part to dialog_backup;
set role dialog_owner;
alter default privileges in schema part grant select on tables to dialog_backup;
alter default privileges in schema public grant select on tables to dialog_app;

create table public.machine_model (code text primary key, maker text not null);
create table public.quantity (code text primary key, unit text not null);
create table public.centre (id bigint primary key, name text not null);
create table public.nurse (centre_id bigint not null references centre, no int not null, full_name text not null, primary key (centre_id, no));
create table public.patient (centre_id bigint not null references centre, no int not null, full_name text not null, dry_weight numeric, primary key (centre_id, no));
create table public.machine (centre_id bigint not null references centre, no int not null, model text not null references machine_model, place text not null, primary key (centre_id, no));
create table public.treatment (
  centre_id bigint not null,
  no int not null,
  patient_no int not null,
  machine_no int not null,
  started_at timestamptz not null,
  remark text,
  primary key (centre_id, no),
  foreign key (centre_id, patient_no) references patient (centre_id, no),
  foreign key (centre_id, machine_no) references machine (centre_id, no)
) partition by list (centre_id);
create table part.treatment_301 partition of public.treatment for values in (301);
create table part.treatment_302 partition of public.treatment for values in (302);
create table part.treatment_303 partition of public.treatment for values in (303);
-- centres that joined since the last maintenance
create table part.treatment_new partition of public.treatment default;
create table public.measurement (
  centre_id bigint not null,
  treatment_no int not null,
  at timestamptz not null,
  quantity text not null references quantity,
  value numeric not null,
  remark text,
  primary key (centre_id, treatment_no, at, quantity),
  foreign key (centre_id, treatment_no) references treatment (centre_id, no) on delete cascade
) partition by range (at);
create table part.measurement_2025 partition of public.measurement for values from ('2025-01-01') to ('2026-01-01');
create table part.measurement_2026 partition of public.measurement for values from ('2026-01-01') to ('2027-01-01');
create table public.incident (centre_id bigint not null references centre, id uuid not null default gen_random_uuid(), story text not null, primary key (centre_id, id));

create function public.my_centre() returns bigint language sql stable return nullif(current_setting('dialysis.centre', true), '')::bigint;

insert into machine_model values ('5008', 'Fresenius');
insert into quantity values ('uf', 'ml'), ('sys', 'mmHg');
insert into centre values (301, 'Centre East'), (302, 'Centre West bravo'), (303, 'Centre Harbour bravo');
insert into nurse select id, 1, 'Nurse of ' || name from centre;
insert into patient select id, n, 'Patient ' || n || ' of ' || name, 71 from centre, generate_series(1, 2) n;
insert into machine select id, 1, '5008', 'place 1, ' || name from centre;
insert into treatment select centre_id, no, no, 1, '2025-12-31 20:00+01', 'cramps, ' || full_name from patient;
insert into measurement select centre_id, no, '2025-12-31 21:00+01', 'uf', 1800, remark from treatment;
insert into measurement select centre_id, no, '2026-01-01 01:00+01', 'sys', 95, remark from treatment;
insert into incident (centre_id, story) select id, 'needle slipped at ' || name from centre;

do $$
declare t text;
begin
  foreach t in array array['nurse', 'patient', 'machine', 'treatment', 'measurement', 'incident'] loop
    execute format('alter table public.%I enable row level security, force row level security', t);
    execute format('create policy centre on public.%I using (centre_id = (select my_centre()))', t);
    execute format('grant insert, update, delete on public.%I to dialog_app', t);
  end loop;
end $$;
alter table centre enable row level security, force row level security;
create policy own on centre for select using (id = (select my_centre()));
reset role;
