create role cfan_owner nologin;
create role cfan_app login;
alter schema public owner to cfan_owner;
revoke create on schema public from public;
set role cfan_owner;

create table schema_migrations (version text primary key);
create table countries (iso text primary key, name text not null);
create table clinics (id bigint primary key, name text not null, subdomain text not null);
create table patients (id bigint primary key, clinic_id bigint not null references clinics, name text not null, born date, deleted_at timestamptz, unique (clinic_id, id));
create table invoices (id bigint primary key, clinic_id bigint not null references clinics, patient_id bigint not null, cents int not null, memo text, unique (clinic_id, id),
  foreign key (clinic_id, patient_id) references patients (clinic_id, id));
create table lab_orders (id bigint primary key, clinic_id bigint not null references clinics, patient_id bigint not null, panel text not null, unique (clinic_id, id),
  foreign key (clinic_id, patient_id) references patients (clinic_id, id));
create table appointments (clinic_id bigint not null references clinics, starts_at timestamptz not null, chair int not null, patient_id bigint not null, reason text,
  primary key (clinic_id, starts_at, chair), foreign key (clinic_id, patient_id) references patients (clinic_id, id));
create table tags (clinic_id bigint not null references clinics, name text not null, primary key (clinic_id, name));
create table taggings (clinic_id bigint not null, tag text not null, taggable_type text not null, taggable_id bigint not null,
  primary key (clinic_id, tag, taggable_type, taggable_id), foreign key (clinic_id, tag) references tags on delete cascade);

-- has_many :attachments, as: :record
create table attachments (
  id uuid primary key default gen_random_uuid(),
  clinic_id bigint not null references clinics,
  record_type text not null check (record_type in ('Patient', 'Invoice', 'LabOrder')),
  record_id bigint not null,
  filename text not null,
  caption text,
  created_at timestamptz not null default now()
);
create index on attachments (record_type, record_id);
-- paper_trail
create table versions (
  id uuid primary key default gen_random_uuid(),
  clinic_id bigint not null references clinics,
  item_type text not null,
  item_id text not null,
  event text not null,
  object jsonb,
  created_at timestamptz not null default now()
);

insert into schema_migrations values ('20240611080000'), ('20250902113000');
insert into countries values ('DE', 'Germany'), ('AT', 'Austria');
insert into clinics values (1, 'Dental practice Ahorn', 'ahorn'), (2, 'Dental practice Birke bravo', 'birke'), (3, 'Dental practice Chaussee bravo', 'chaussee');
insert into patients select id, id, 'Patient of ' || name, '1980-01-01', null from clinics;
insert into patients select id + 3, id, 'Second patient of ' || name, '1990-01-01', null from clinics;
insert into invoices select (array[2, 1, 3])[id], id, id, 8900, 'Crown, ' || name from clinics;
insert into lab_orders select id, id, id, 'Zirconium bridge for ' || name from clinics;
insert into appointments select id, '2026-03-02 09:00+01', 1, id, 'Check-up at ' || name from clinics;
insert into tags select id, 'anxious (' || name || ')' from clinics;
insert into taggings select clinic_id, name, 'Patient', clinic_id from tags;
insert into attachments (clinic_id, record_type, record_id, filename, caption)
  select clinic_id, 'Patient', id, 'consent-' || id || '.pdf', 'Consent of ' || name from patients
  union all select clinic_id, 'Invoice', id, 'invoice-' || id || '.pdf', memo from invoices
  union all select clinic_id, 'LabOrder', id, 'scan-' || id || '.stl', panel from lab_orders;

create function current_clinic_id() returns bigint language sql stable return nullif(current_setting('app.current_clinic', true), '')::bigint;

create function keep_version() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into versions (clinic_id, item_type, item_id, event, object) values (old.clinic_id, tg_argv[0], old.id::text, lower(tg_op), to_jsonb(old));
  return null;
end $$;
create trigger keep_version after update on patients for each row execute function keep_version('Patient');
create trigger keep_version after update or delete on attachments for each row execute function keep_version('Attachment');
update patients set deleted_at = null;

do $$
declare t text;
begin
  foreach t in array array['patients', 'invoices', 'lab_orders', 'appointments', 'tags', 'taggings', 'versions'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy tenant on %I using (clinic_id = current_clinic_id()) with check (clinic_id = current_clinic_id())', t);
  end loop;
end $$;
alter table clinics enable row level security;
create policy own_clinic on clinics for select using (id = current_clinic_id());

-- a file is seen by whoever sees what it hangs on
alter table attachments enable row level security;
create policy attachments_read on attachments for select using (
  case record_type
    when 'Patient' then exists (select from patients p where p.id = record_id)
    else exists (select from invoices i where i.id = record_id)
  end
);
create policy attachments_add on attachments for insert with check (clinic_id = current_clinic_id());
create policy attachments_change on attachments for update using (clinic_id = current_clinic_id()) with check (clinic_id = current_clinic_id());
create policy attachments_drop on attachments for delete using (clinic_id = current_clinic_id());

grant select on all tables in schema public to cfan_app;
grant insert, update, delete on appointments, tags, taggings to cfan_app;
grant update (name, born, deleted_at) on patients to cfan_app;
grant update (memo) on invoices to cfan_app;
grant insert (clinic_id, record_type, record_id, filename, caption), update (filename, caption), delete on attachments to cfan_app;
reset role;
