create role sro_owner nologin;
create role sro_app login;
revoke create on schema public from public;
grant create on schema public to sro_owner;
set role sro_owner;

create table body_part (code text primary key, label text not null);
create table clinic (id uuid primary key, name text not null);
create table case_file (clinic_id uuid not null references clinic, id uuid not null default gen_random_uuid(), title text not null, part text references body_part, primary key (clinic_id, id));
create table case_image (
  clinic_id uuid not null, id uuid not null default gen_random_uuid(), case_id uuid not null, path text not null, primary key (clinic_id, id),
  foreign key (clinic_id, case_id) references case_file on delete cascade
);
create table case_opinion (
  clinic_id uuid not null, id uuid not null default gen_random_uuid(), case_id uuid not null, text text not null, primary key (clinic_id, id),
  foreign key (clinic_id, case_id) references case_file on delete cascade
);
create table case_share (
  clinic_id uuid not null, case_id uuid not null, guest_id uuid not null, message text,
  expires_at timestamptz not null default now() + interval '30 days', revoked_at timestamptz, accepted_at timestamptz,
  primary key (clinic_id, case_id, guest_id), foreign key (clinic_id, case_id) references case_file on delete cascade, check (guest_id <> clinic_id)
);
create table share_event (clinic_id uuid not null references clinic, at timestamptz not null default clock_timestamp(), what text not null);

insert into body_part values ('hd', 'Head'), ('kn', 'Knee');
insert into clinic values ('aaaa0000-0000-4000-8000-000000000001', 'Aare Klinik'), ('bbbb0000-0000-4000-8000-000000000002', 'bravo Klinik'), ('cccc0000-0000-4000-8000-000000000003', 'Chur bravo');
insert into case_file values
  ('aaaa0000-0000-4000-8000-000000000001', 'aaaa1000-0000-4000-8000-000000000001', 'meniscus', 'kn'),
  ('bbbb0000-0000-4000-8000-000000000002', 'bbbb1000-0000-4000-8000-000000000001', 'bravo glioma', 'hd'),
  ('bbbb0000-0000-4000-8000-000000000002', 'bbbb1000-0000-4000-8000-000000000002', 'bravo aneurysm', 'hd'),
  ('cccc0000-0000-4000-8000-000000000003', 'cccc1000-0000-4000-8000-000000000001', 'bravo tear', 'kn');
insert into case_image values
  ('aaaa0000-0000-4000-8000-000000000001', 'aaaa2000-0000-4000-8000-000000000001', 'aaaa1000-0000-4000-8000-000000000001', 'aare/1.dcm'),
  ('bbbb0000-0000-4000-8000-000000000002', 'bbbb2000-0000-4000-8000-000000000001', 'bbbb1000-0000-4000-8000-000000000001', 'bravo/1.dcm'),
  ('cccc0000-0000-4000-8000-000000000003', 'cccc2000-0000-4000-8000-000000000001', 'cccc1000-0000-4000-8000-000000000001', 'bravo/2.dcm');
insert into case_opinion values
  ('aaaa0000-0000-4000-8000-000000000001', 'aaaa3000-0000-4000-8000-000000000001', 'aaaa1000-0000-4000-8000-000000000001', 'operate'),
  ('bbbb0000-0000-4000-8000-000000000002', 'bbbb3000-0000-4000-8000-000000000001', 'bbbb1000-0000-4000-8000-000000000001', 'bravo: wait'),
  ('cccc0000-0000-4000-8000-000000000003', 'cccc3000-0000-4000-8000-000000000001', 'cccc1000-0000-4000-8000-000000000001', 'bravo: rest');
-- One share to Aare ran out, one was withdrawn, one was never accepted; the one from bravo to Chur is in force.
insert into case_share (clinic_id, case_id, guest_id, message, expires_at, revoked_at, accepted_at) values
  ('bbbb0000-0000-4000-8000-000000000002', 'bbbb1000-0000-4000-8000-000000000001', 'aaaa0000-0000-4000-8000-000000000001', 'bravo asks', '2024-01-01Z', null, '2023-12-01Z'),
  ('bbbb0000-0000-4000-8000-000000000002', 'bbbb1000-0000-4000-8000-000000000002', 'aaaa0000-0000-4000-8000-000000000001', 'bravo asks', 'infinity', '2024-01-01Z', '2023-12-01Z'),
  ('cccc0000-0000-4000-8000-000000000003', 'cccc1000-0000-4000-8000-000000000001', 'aaaa0000-0000-4000-8000-000000000001', 'bravo asks', '2024-01-01Z', null, null),
  ('bbbb0000-0000-4000-8000-000000000002', 'bbbb1000-0000-4000-8000-000000000001', 'cccc0000-0000-4000-8000-000000000003', 'bravo asks', 'infinity', null, '2023-12-01Z'),
  ('aaaa0000-0000-4000-8000-000000000001', 'aaaa1000-0000-4000-8000-000000000001', 'cccc0000-0000-4000-8000-000000000003', 'please look', '2024-01-01Z', null, null);
insert into share_event (clinic_id, what) values ('aaaa0000-0000-4000-8000-000000000001', 'shared'), ('bbbb0000-0000-4000-8000-000000000002', 'bravo shared'), ('cccc0000-0000-4000-8000-000000000003', 'bravo shared');

create function clinic_id() returns uuid language sql stable as $$ select nullif(current_setting('second.clinic', true), '')::uuid $$;

-- Whether the clinic that asks may look at the case as a guest, now.
create function is_guest(p_clinic uuid, p_case uuid) returns boolean
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select exists (
    select from case_share s
     where s.clinic_id = p_clinic and s.case_id = p_case and s.guest_id = public.clinic_id()
       and s.accepted_at is not null and s.revoked_at is null and s.expires_at > now()
  )
$$;

alter table clinic enable row level security;
alter table case_file enable row level security;
alter table case_image enable row level security;
alter table case_opinion enable row level security;
alter table case_share enable row level security;
alter table share_event enable row level security;
create policy own on clinic using (id = public.clinic_id());
create policy own on case_file using (clinic_id = public.clinic_id());
create policy own on case_image using (clinic_id = public.clinic_id());
create policy own on case_opinion using (clinic_id = public.clinic_id());
create policy own on share_event for select using (clinic_id = public.clinic_id());
create policy guest on case_file for select using (is_guest(clinic_id, id));
create policy guest on case_image for select using (is_guest(clinic_id, case_id));
create policy guest on case_opinion for select using (is_guest(clinic_id, case_id));
create policy host on case_share for select using (clinic_id = public.clinic_id());
-- A guest sees an offer as long as it stands.
create policy guest on case_share for select using (guest_id = public.clinic_id() and revoked_at is null and expires_at > now());

create function share_case(p_case uuid, p_guest uuid, p_days int default 30) returns void
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if not exists (select from case_file where clinic_id = public.clinic_id() and id = p_case) then
    raise exception 'no such case';
  end if;
  -- Whom one may ask is in the printed directory; whether the guest is a customer is not told.
  insert into case_share (clinic_id, case_id, guest_id, expires_at)
  values (public.clinic_id(), p_case, p_guest, now() + make_interval(days => least(p_days, 90)))
  on conflict (clinic_id, case_id, guest_id) do update set expires_at = excluded.expires_at, revoked_at = null, accepted_at = null;
  insert into share_event (clinic_id, what) values (public.clinic_id(), 'shared ' || p_case);
end $$;

create function accept_share(p_clinic uuid, p_case uuid) returns void
language sql security definer set search_path = pg_catalog, public, pg_temp as $$
  update case_share set accepted_at = now()
   where clinic_id = p_clinic and case_id = p_case and guest_id = public.clinic_id() and accepted_at is null and revoked_at is null and expires_at > now()
$$;

create function revoke_share(p_case uuid, p_guest uuid) returns void
language sql security definer set search_path = pg_catalog, public, pg_temp as $$
  update case_share set revoked_at = now() where clinic_id = public.clinic_id() and case_id = p_case and guest_id = p_guest
$$;

revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to sro_app;
grant select on body_part, clinic, case_share, share_event to sro_app;
grant select, insert, update, delete on case_file, case_image, case_opinion to sro_app;
reset role;
