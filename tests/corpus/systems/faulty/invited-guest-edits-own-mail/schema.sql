create role igm_owner nologin;
create role igm_api login;
alter schema public owner to igm_owner;
set role igm_owner;

create table profile (
  user_id uuid primary key,
  full_name text not null,
  mail text,
  mobile text,
  updated_at timestamptz not null default now()
);
create table clinic_member (
  clinic_id uuid not null,
  user_id uuid not null references profile,
  designation text not null,
  primary key (clinic_id, user_id)
);
create table guest_invite (
  clinic_id uuid not null,
  mail text not null,
  invited_for text,
  revoked boolean not null default false,
  primary key (clinic_id, mail)
);
create table case_file (
  clinic_id uuid not null,
  id uuid not null default gen_random_uuid(),
  patient text not null,
  complaint text,
  primary key (clinic_id, id)
);
create table case_note (
  clinic_id uuid not null,
  case_id uuid not null,
  no int not null,
  body text not null,
  primary key (clinic_id, case_id, no),
  foreign key (clinic_id, case_id) references case_file
);

insert into profile (user_id, full_name, mail) values
  ('11111111-aaaa-4aaa-8aaa-000000000011', 'Dr Anjali Menon', 'anjali@kaveri.example'),
  ('22222222-bbbb-4bbb-8bbb-000000000022', 'Dr Bela bravo', 'bela.bravo@sunrise.example'),
  ('33333333-cccc-4ccc-8ccc-000000000033', 'Dr Guest bravo', 'guest.bravo@cardio.example');
insert into clinic_member values ('3f0c1c52-8f1e-4c7e-9a55-0a1d1f6b0a01', '11111111-aaaa-4aaa-8aaa-000000000011', 'physician'), ('9b7e4d10-2c3a-4f7d-8c11-5b2e7c9d0b02', '22222222-bbbb-4bbb-8bbb-000000000022', 'bravo physician');
insert into guest_invite values ('9b7e4d10-2c3a-4f7d-8c11-5b2e7c9d0b02', 'guest.bravo@cardio.example', 'second opinion bravo');
insert into case_file values
  ('3f0c1c52-8f1e-4c7e-9a55-0a1d1f6b0a01', '0a000000-0000-4000-8000-000000000001', 'Arun', 'chest pain'),
  ('9b7e4d10-2c3a-4f7d-8c11-5b2e7c9d0b02', '0b000000-0000-4000-8000-000000000001', 'Bina bravo', 'palpitations');
insert into case_note values
  ('3f0c1c52-8f1e-4c7e-9a55-0a1d1f6b0a01', '0a000000-0000-4000-8000-000000000001', 1, 'ECG normal'),
  ('9b7e4d10-2c3a-4f7d-8c11-5b2e7c9d0b02', '0b000000-0000-4000-8000-000000000001', 1, 'bravo: Holter ordered');

create function uid() returns uuid language sql stable as
  $$ select (nullif(current_setting('request.jwt.claims', true), '')::json ->> 'sub')::uuid $$;

-- members, and consultants who were invited with their mail address
create function my_clinics() returns setof uuid
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select m.clinic_id from public.clinic_member m where m.user_id = public.uid()
  union
  select i.clinic_id
    from public.guest_invite i
    join public.profile p on lower(p.mail) = lower(i.mail)
   where p.user_id = public.uid() and not i.revoked
$$;

alter table profile enable row level security;
alter table clinic_member enable row level security;
alter table guest_invite enable row level security;
alter table case_file enable row level security;
alter table case_note enable row level security;

create policy own_profile on profile for select using (user_id = (select uid()));
create policy edit_own_profile on profile for update using (user_id = (select uid())) with check (user_id = (select uid()));
create policy see_own_membership on clinic_member for select using (user_id = (select uid()));
create policy invites_of_my_clinic on guest_invite for select
  using (exists (select from clinic_member m where m.clinic_id = guest_invite.clinic_id and m.user_id = (select uid())));
create policy team on case_file using (clinic_id in (select my_clinics()));
create policy team on case_note using (clinic_id in (select my_clinics()));

grant select, update (full_name, mail, mobile) on profile to igm_api;
grant select on clinic_member, guest_invite to igm_api;
grant select, insert, update on case_file to igm_api;
grant select, insert on case_note to igm_api;
reset role;
