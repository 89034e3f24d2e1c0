-- An organisation and its sites. The tenant is the clinic; every other key leads with it.
create table clinic (
  id uuid primary key default gen_random_uuid(),
  slug text not null unique check (slug ~ '^[a-z0-9-]{3,40}$'),
  name text not null,
  city text not null
);

create table branch (
  clinic_id uuid not null references clinic,
  id uuid not null default gen_random_uuid(),
  name text not null,
  opened_on date not null,
  primary key (clinic_id, id),
  -- A branch id alone decides which rows are seen, so it is never given twice.
  unique (id)
);

create table staff (
  clinic_id uuid not null references clinic,
  id uuid not null default gen_random_uuid(),
  full_name text not null,
  profession text not null,
  registration_no text,
  primary key (clinic_id, id)
);

-- Reference data of no clinic in particular.
create table drug (
  id integer primary key,
  name text not null unique,
  form text not null,
  strength text not null
);
