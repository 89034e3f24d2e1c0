create role hto_owner nologin;
create role hto_app login;
alter schema public owner to hto_owner;
set role hto_owner;
create table department_type (code text primary key, label text not null);
insert into department_type values ('ER', 'emergency'), ('OPD', 'out-patients');
create table patient (hospital_id int not null, id int not null, title text not null, primary key (hospital_id, id));
insert into patient values (1, 1, 'Alpha one'), (2, 1, 'One bravo');
do $$
declare t text;
begin
  foreach t in array array['admission', 'allergy', 'ambulance_call', 'appointment', 'bed', 'billing_account', 'blood_request', 'consent', 'consultation', 'diet_order',
    'discharge', 'document', 'equipment', 'incident', 'insurance_claim', 'invoice', 'lab_request', 'lab_result', 'medication', 'nurse_note',
    'operation', 'payment', 'prescription', 'radiology_request', 'referral', 'shift', 'stock_item', 'vital', 'ward_round'] loop
    execute format('create table %I (hospital_id int not null, id int not null, patient_id int not null, title text not null, kind text references department_type,
      primary key (hospital_id, id), foreign key (hospital_id, patient_id) references patient)', t);
    execute format('insert into %I values (1, 1, 1, %L, %L), (2, 1, 1, %L, %L)', t, t || ' of alpha', 'OPD', t || ' of bravo', 'ER');
  end loop;
  for t in select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace and relname <> 'department_type' loop
    execute format('alter table %I enable row level security, force row level security', t);
    execute format($p$create policy s on %I for select using (hospital_id = (select nullif(current_setting('hms.hospital', true), '')::int))$p$, t);
    execute format($p$create policy i on %I for insert with check (hospital_id = (select nullif(current_setting('hms.hospital', true), '')::int))$p$, t);
    execute format($p$create policy u on %I for update using (hospital_id = (select nullif(current_setting('hms.hospital', true), '')::int))$p$, t);
    execute format($p$create policy d on %I for delete using (%s)$p$, t,
      case t when 'stock_item' then 'true' else 'hospital_id = (select nullif(current_setting(''hms.hospital'', true), '''')::int)' end);
    execute format('grant select, insert, update, delete on %I to hto_app', t);
  end loop;
end $$;
grant select on department_type to hto_app;
reset role;
