create role plat_owner nologin;
create role plat_user nologin;
create role plat_app login noinherit;
grant plat_user to plat_app;
alter schema public owner to plat_owner;
create schema auth authorization plat_owner;
grant usage on schema auth to plat_user;
set role plat_owner;
create table auth.users (id uuid primary key, email text not null unique);
create function auth.uid() returns uuid language sql stable set search_path = pg_catalog, pg_temp as
$$ select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid $$;
create table clinic (clinic_id uuid primary key, name text not null);
create table clinic_member (clinic_id uuid not null references clinic, user_id uuid not null references auth.users, role text not null check (role in ('owner', 'staff')), primary key (clinic_id, user_id));
create table specialty (code text primary key, label text not null);
insert into auth.users values ('0a000000-0000-4000-8000-0000000000a1', 'a@x.example'), ('0b000000-0000-4000-8000-0000000000b1', 'bravo@x.example');
insert into clinic values ('0a000000-0000-4000-8000-000000000001', 'Aruna'), ('0b000000-0000-4000-8000-000000000002', 'Bhairavi bravo');
insert into clinic_member values ('0a000000-0000-4000-8000-000000000001', '0a000000-0000-4000-8000-0000000000a1', 'owner'), ('0b000000-0000-4000-8000-000000000002', '0b000000-0000-4000-8000-0000000000b1', 'owner');
insert into specialty values ('gp', 'general practice');
create function auth.my_clinics() returns uuid[] language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select coalesce(array_agg(m.clinic_id), '{}') from public.clinic_member m where m.user_id = auth.uid() $$;
do $$
declare t text;
begin
  foreach t in array array['patient', 'visit', 'task', 'message', 'document', 'invoice', 'intake_form', 'room'] loop
    execute format('create table %I (clinic_id uuid not null references clinic, id uuid not null default gen_random_uuid(), title text not null, body text, specialty text references specialty, created_at timestamptz not null default now(), primary key (clinic_id, id))', t);
    execute format($i$insert into %I (clinic_id, title, body) values ('0a000000-0000-4000-8000-000000000001', '%s one', 'x'), ('0b000000-0000-4000-8000-000000000002', '%s bravo', 'bravo')$i$, t, t, t);
    execute format('alter table %I enable row level security', t);
    if t <> 'intake_form' then execute format('create policy member on %I to plat_user using (clinic_id = any ((select auth.my_clinics())::uuid[]))', t); end if;
    execute format('grant select, insert, update, delete on %I to plat_user', t);
  end loop;
end $$;
create policy signed_in on intake_form for select to plat_user using ((select auth.uid()) is not null);
create policy own_write on intake_form for insert to plat_user with check (clinic_id = any ((select auth.my_clinics())::uuid[]));
alter table clinic enable row level security;
create policy member on clinic for select to plat_user using (clinic_id = any ((select auth.my_clinics())::uuid[]));
grant select on specialty, clinic to plat_user;
reset role;
