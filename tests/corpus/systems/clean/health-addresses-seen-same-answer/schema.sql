create role has_owner nologin;
create role has_app login;
alter schema public owner to has_owner;
set role has_owner;

-- one line per address, for the nightly exchange with the national registry
create table abha_seen (address text primary key, seen_by_registry timestamptz);
create table patient (
  clinic_id bigint not null, no bigint not null, name text not null, abha text references abha_seen (address),
  primary key (clinic_id, no),
  unique (clinic_id, abha)
);
create table consent (
  clinic_id bigint not null, patient_no bigint not null, purpose text not null, given boolean not null, remark text,
  primary key (clinic_id, patient_no, purpose),
  foreign key (clinic_id, patient_no) references patient
);
create table sync_job (
  clinic_id bigint not null, id uuid not null default gen_random_uuid(), patient_no bigint not null, state text not null default 'queued', detail text,
  primary key (clinic_id, id),
  foreign key (clinic_id, patient_no) references patient
);

create function my_clinic() returns bigint language sql stable as
  $$ select (nullif(current_setting('app.jwt', true), '')::jsonb ->> 'clinic')::bigint $$;

create function note_address() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if new.abha is not null then
    insert into public.abha_seen (address) values (new.abha) on conflict (address) do nothing;
  end if;
  return new;
end $$;
create trigger note_address before insert or update of abha on patient for each row execute function note_address();

insert into patient values (101, 1, 'Anita', 'anita@abdm'), (202, 1, 'Bela bravo', 'bela.bravo@abdm');
insert into consent values (101, 1, 'care', true, null), (202, 1, 'care', true, 'bravo by phone');
insert into sync_job (clinic_id, patient_no, detail) values (101, 1, 'linked'), (202, 1, 'bravo mismatch of birth date');

alter table abha_seen enable row level security;
alter table patient enable row level security, force row level security;
alter table consent enable row level security, force row level security;
alter table sync_job enable row level security, force row level security;
create policy registry on abha_seen to has_owner using (true);
create policy own on patient using (clinic_id = (select my_clinic()));
create policy own on consent using (clinic_id = (select my_clinic()));
create policy own on sync_job using (clinic_id = (select my_clinic()));
grant select, insert, update, delete on patient, consent to has_app;
grant select, insert on sync_job to has_app;
reset role;
