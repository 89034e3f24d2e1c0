create role iaa_owner nologin;
create role iaa_user nologin;
create role iaa_gateway login noinherit;
grant iaa_user to iaa_gateway;
revoke create on schema public from public;
grant create on schema public to iaa_owner;
set role iaa_owner;

create table specialty (code text primary key, label text not null);
create table org (id uuid primary key, name text not null);
create table membership (org_id uuid not null references org, user_id uuid not null, email text not null, role text not null, primary key (org_id, user_id), check (role in ('admin', 'doctor', 'desk')));
create table invitation (
  code uuid primary key default gen_random_uuid(), org_id uuid not null references org, email text not null, role text not null,
  invited_by uuid, accepted_at timestamptz, expires_at timestamptz not null default now() + interval '7 days'
);
create table patient (org_id uuid not null references org, id uuid not null default gen_random_uuid(), name text not null, specialty text references specialty, primary key (org_id, id));
create table chart_note (
  org_id uuid not null, id uuid not null default gen_random_uuid(), patient_id uuid not null, body text not null,
  primary key (org_id, id), foreign key (org_id, patient_id) references patient on delete cascade
);
create table chart_file (
  org_id uuid not null, id uuid not null default gen_random_uuid(), patient_id uuid not null, path text not null,
  primary key (org_id, id), foreign key (org_id, patient_id) references patient on delete cascade
);
create table org_setting (org_id uuid not null references org, name text not null, value text, primary key (org_id, name));

insert into specialty values ('gp', 'General practice'), ('psy', 'Psychiatry');
insert into org values
  ('0a000000-0000-4000-8000-000000000001', 'Alder Practice'), ('0b000000-0000-4000-8000-000000000002', 'bravo Psychiatry'), ('0c000000-0000-4000-8000-000000000003', 'Clover bravo');
insert into membership values
  ('0a000000-0000-4000-8000-000000000001', 'aa000000-0000-4000-8000-000000000001', 'ann@alder.example', 'admin'),
  ('0b000000-0000-4000-8000-000000000002', 'bb000000-0000-4000-8000-000000000001', 'bob@bravo.example', 'admin'),
  ('0c000000-0000-4000-8000-000000000003', 'cc000000-0000-4000-8000-000000000001', 'cat@clover.bravo.example', 'admin');
insert into invitation (code, org_id, email, role, accepted_at) values
  ('ab000000-0000-4000-8000-000000000001', '0a000000-0000-4000-8000-000000000001', 'new@alder.example', 'desk', null),
  ('bc000000-0000-4000-8000-000000000002', '0b000000-0000-4000-8000-000000000002', 'new@bravo.example', 'desk', null),
  ('cd000000-0000-4000-8000-000000000003', '0c000000-0000-4000-8000-000000000003', 'old@bravo.example', 'doctor', now());
insert into patient values
  ('0a000000-0000-4000-8000-000000000001', 'a1000000-0000-4000-8000-00000000000a', 'Aron', 'gp'),
  ('0b000000-0000-4000-8000-000000000002', 'b1000000-0000-4000-8000-00000000000b', 'Brit bravo', 'psy'),
  ('0c000000-0000-4000-8000-000000000003', 'c1000000-0000-4000-8000-00000000000c', 'Curt bravo', 'gp');
insert into chart_note values
  ('0a000000-0000-4000-8000-000000000001', 'a2000000-0000-4000-8000-00000000000a', 'a1000000-0000-4000-8000-00000000000a', 'cough'),
  ('0b000000-0000-4000-8000-000000000002', 'b2000000-0000-4000-8000-00000000000b', 'b1000000-0000-4000-8000-00000000000b', 'bravo: hears voices'),
  ('0c000000-0000-4000-8000-000000000003', 'c2000000-0000-4000-8000-00000000000c', 'c1000000-0000-4000-8000-00000000000c', 'bravo: well');
insert into chart_file values
  ('0a000000-0000-4000-8000-000000000001', 'a3000000-0000-4000-8000-00000000000a', 'a1000000-0000-4000-8000-00000000000a', 'alder/1.pdf'),
  ('0b000000-0000-4000-8000-000000000002', 'b3000000-0000-4000-8000-00000000000b', 'b1000000-0000-4000-8000-00000000000b', 'bravo/1.pdf'),
  ('0c000000-0000-4000-8000-000000000003', 'c3000000-0000-4000-8000-00000000000c', 'c1000000-0000-4000-8000-00000000000c', 'bravo/2.pdf');
insert into org_setting values
  ('0a000000-0000-4000-8000-000000000001', 'colour', 'blue'), ('0b000000-0000-4000-8000-000000000002', 'colour', 'bravo red'), ('0c000000-0000-4000-8000-000000000003', 'colour', 'bravo green');

create function auth_uid() returns uuid language sql stable as $$
  select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid
$$;
create function auth_email() returns text language sql stable as $$
  select lower(nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email')
$$;
create function my_orgs() returns setof uuid language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select org_id from membership where user_id = auth_uid()
$$;
create function is_admin_of(p_org uuid) returns boolean language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  select exists (select from membership where org_id = p_org and user_id = auth_uid() and role = 'admin')
$$;

do $$
declare t text;
begin
  foreach t in array array['membership', 'invitation', 'patient', 'chart_note', 'chart_file', 'org_setting'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy member on %I to iaa_user using (org_id in (select my_orgs()))', t);
  end loop;
end $$;
alter table org enable row level security;
create policy member on org to iaa_user using (id in (select my_orgs()));

create function invite(p_org uuid, p_email text, p_role text default 'desk') returns uuid
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  v_code uuid;
begin
  if not exists (select from membership m where m.user_id = auth_uid() and m.role = 'admin') then
    raise exception 'only administrators invite' using errcode = '42501';
  end if;
  insert into invitation (org_id, email, role, invited_by) values (p_org, lower(p_email), p_role, auth_uid()) returning code into v_code;
  return v_code;
end $$;

create function withdraw_invitation(p_code uuid) returns void
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  delete from invitation i where i.code = p_code and is_admin_of(i.org_id) and i.accepted_at is null;
end $$;

create function accept_invitation(p_code uuid) returns void
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  i invitation;
begin
  update invitation set accepted_at = now()
   where code = p_code and email = auth_email() and accepted_at is null and expires_at > now()
  returning * into i;
  if not found then
    raise exception 'this invitation is not for you or is used up';
  end if;
  insert into membership (org_id, user_id, email, role) values (i.org_id, auth_uid(), i.email, i.role) on conflict do nothing;
end $$;

create function remove_member(p_org uuid, p_user uuid) returns void
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if not is_admin_of(p_org) then
    raise exception 'only administrators remove' using errcode = '42501';
  end if;
  delete from membership where org_id = p_org and user_id = p_user and user_id <> auth_uid();
end $$;

revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to iaa_user;
grant select on specialty, org, membership, invitation to iaa_user;
grant select, insert, update, delete on patient, chart_note, chart_file to iaa_user;
grant select, update on org_setting to iaa_user;
reset role;
