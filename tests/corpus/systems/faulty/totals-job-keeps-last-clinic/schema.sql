create role tjk_owner nologin;
create role tjk_app login;
revoke create on schema public from public;
grant create on schema public to tjk_owner;
set role tjk_owner;

create table treatment_kind (code text primary key, label text not null, price numeric(8, 2) not null);
create table clinic (id uuid primary key, name text not null);
create table therapist (clinic_id uuid not null references clinic, id uuid not null default gen_random_uuid(), name text not null, primary key (clinic_id, id));
create table patient (clinic_id uuid not null references clinic, id uuid not null default gen_random_uuid(), name text not null, diagnosis text, primary key (clinic_id, id));
create table treatment (
  clinic_id uuid not null, id uuid not null default gen_random_uuid(), patient_id uuid not null, therapist_id uuid not null,
  kind text not null references treatment_kind, day date not null, note text, primary key (clinic_id, id),
  foreign key (clinic_id, patient_id) references patient, foreign key (clinic_id, therapist_id) references therapist
);
create table invoice (
  clinic_id uuid not null, no int not null, patient_id uuid not null, address text not null, primary key (clinic_id, no),
  foreign key (clinic_id, patient_id) references patient
);
create table invoice_line (
  clinic_id uuid not null, invoice_no int not null, pos int not null, label text not null, amount numeric(8, 2) not null,
  primary key (clinic_id, invoice_no, pos), foreign key (clinic_id, invoice_no) references invoice
);
create table daily_total (clinic_id uuid not null references clinic, day date not null, label text not null, amount numeric(10, 2) not null, primary key (clinic_id, day));
create table job_log (at timestamptz not null default clock_timestamp(), job text not null, message text);

insert into treatment_kind values ('pt', 'Physiotherapy', 25), ('ot', 'Occupational therapy', 40);
insert into clinic values
  ('1a000000-0000-4000-8000-000000000001', 'Rehab Lake'), ('2b000000-0000-4000-8000-000000000002', 'Rehab bravo'), ('3c000000-0000-4000-8000-000000000003', 'bravo Spa');
insert into therapist values
  ('1a000000-0000-4000-8000-000000000001', '1a100000-0000-4000-8000-000000000001', 'Ina'),
  ('2b000000-0000-4000-8000-000000000002', '2b100000-0000-4000-8000-000000000001', 'Jon bravo'),
  ('3c000000-0000-4000-8000-000000000003', '3c100000-0000-4000-8000-000000000001', 'Kim bravo');
insert into patient values
  ('1a000000-0000-4000-8000-000000000001', '1a200000-0000-4000-8000-000000000001', 'Abel', 'knee'),
  ('2b000000-0000-4000-8000-000000000002', '2b200000-0000-4000-8000-000000000001', 'Bess bravo', 'bravo stroke'),
  ('3c000000-0000-4000-8000-000000000003', '3c200000-0000-4000-8000-000000000001', 'Cain bravo', 'bravo burnout');
insert into treatment values
  ('1a000000-0000-4000-8000-000000000001', '1a300000-0000-4000-8000-000000000001', '1a200000-0000-4000-8000-000000000001', '1a100000-0000-4000-8000-000000000001', 'pt', '2024-03-01', 'fine'),
  ('2b000000-0000-4000-8000-000000000002', '2b300000-0000-4000-8000-000000000001', '2b200000-0000-4000-8000-000000000001', '2b100000-0000-4000-8000-000000000001', 'ot', '2024-03-01', 'bravo slow'),
  ('3c000000-0000-4000-8000-000000000003', '3c300000-0000-4000-8000-000000000001', '3c200000-0000-4000-8000-000000000001', '3c100000-0000-4000-8000-000000000001', 'ot', '2024-03-01', 'bravo tears');
insert into invoice values
  ('1a000000-0000-4000-8000-000000000001', 1, '1a200000-0000-4000-8000-000000000001', 'Lake 1'),
  ('2b000000-0000-4000-8000-000000000002', 1, '2b200000-0000-4000-8000-000000000001', 'bravo road 2'),
  ('3c000000-0000-4000-8000-000000000003', 1, '3c200000-0000-4000-8000-000000000001', 'bravo road 3');
insert into invoice_line values
  ('1a000000-0000-4000-8000-000000000001', 1, 1, 'Physio', 25), ('2b000000-0000-4000-8000-000000000002', 1, 1, 'bravo OT', 40), ('3c000000-0000-4000-8000-000000000003', 1, 1, 'bravo OT', 40);
insert into daily_total values
  ('1a000000-0000-4000-8000-000000000001', '2024-02-29', 'Rehab Lake', 25), ('2b000000-0000-4000-8000-000000000002', '2024-02-29', 'Rehab bravo', 40), ('3c000000-0000-4000-8000-000000000003', '2024-02-29', 'bravo Spa', 80);

create function current_clinic() returns uuid language sql stable as $$
  select nullif(current_setting('reha.clinic', true), '')::uuid
$$;

do $$
declare t text;
begin
  foreach t in array array['therapist', 'patient', 'treatment', 'invoice', 'invoice_line', 'daily_total'] loop
    execute format('alter table %I enable row level security, force row level security', t);
    execute format('create policy own_clinic on %I using (clinic_id = (select current_clinic()))', t);
  end loop;
end $$;
alter table clinic enable row level security;
create policy own_clinic on clinic using (id = (select current_clinic()));

-- Even the owner is held to one clinic at a time, so the job goes from clinic to clinic. Started by the scheduler and by the button "refresh".
create function refresh_daily_totals(p_day date default current_date) returns void
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  c clinic;
begin
  for c in select * from clinic order by id loop
    perform set_config('reha.clinic', c.id::text, true);
    insert into daily_total as d (clinic_id, day, label, amount)
    select c.id, p_day, c.name, coalesce(sum(k.price), 0)
      from treatment t join treatment_kind k on k.code = t.kind
     where t.day = p_day
    on conflict (clinic_id, day) do update set amount = excluded.amount;
  end loop;
  insert into job_log (job, message) values ('refresh_daily_totals', 'day ' || p_day);
end $$;

create function bill_treatments(p_invoice_no int) returns int
language plpgsql as $$
declare
  n int;
begin
  insert into invoice_line (clinic_id, invoice_no, pos, label, amount)
  select i.clinic_id, i.no, 100 + row_number() over (order by t.day), k.label, k.price
    from invoice i
    join treatment t on t.clinic_id = i.clinic_id and t.patient_id = i.patient_id
    join treatment_kind k on k.code = t.kind
   where i.no = p_invoice_no;
  get diagnostics n = row_count;
  return n;
end $$;

revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to tjk_app;
grant select on treatment_kind, clinic, daily_total to tjk_app;
grant select, insert, update, delete on therapist, patient, treatment, invoice, invoice_line to tjk_app;
reset role;
