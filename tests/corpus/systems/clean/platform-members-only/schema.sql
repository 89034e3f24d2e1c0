create role pmo_owner nologin;
create role pmo_user nologin;
create role pmo_app login noinherit;
grant pmo_user to pmo_app;
alter schema public owner to pmo_owner;
create schema auth authorization pmo_owner;
grant usage on schema auth to pmo_user;
set role pmo_owner;
create table auth.users (id uuid primary key, email text not null unique);
create function auth.uid() returns uuid language sql stable set search_path = pg_catalog, pg_temp as
$$ select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid $$;
create table clinic (clinic_id uuid primary key, name text not null);
create table clinic_member (clinic_id uuid not null references clinic, user_id uuid not null references auth.users, role text not null, primary key (clinic_id, user_id));
create table specialty (code text primary key, label text not null);
insert into auth.users values ('0a000000-0000-4000-8000-0000000000a1', 'a@x.example'), ('0b000000-0000-4000-8000-0000000000b1', 'bravo@x.example');
insert into clinic values ('0a000000-0000-4000-8000-000000000001', 'Aruna'), ('0b000000-0000-4000-8000-000000000002', 'Bhairavi bravo');
insert into clinic_member values ('0a000000-0000-4000-8000-000000000001', '0a000000-0000-4000-8000-0000000000a1', 'owner'), ('0b000000-0000-4000-8000-000000000002', '0b000000-0000-4000-8000-0000000000b1', 'bravo');
insert into specialty values ('gp', 'general practice');
create function auth.my_clinics() returns uuid[] language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select coalesce(array_agg(m.clinic_id), '{}') from public.clinic_member m where m.user_id = auth.uid() $$;
do $$
declare t text;
begin
  foreach t in array array['patient', 'visit', 'task', 'message', 'document', 'invoice', 'intake_form', 'room'] loop
    execute format('create table %I (clinic_id uuid not null references clinic, id uuid not null default gen_random_uuid(), title text not null, body text, specialty text references specialty, primary key (clinic_id, id))', t);
    execute format($i$insert into %I (clinic_id, title, body) values ('0a000000-0000-4000-8000-000000000001', '%s one', 'x'), ('0b000000-0000-4000-8000-000000000002', '%s bravo', 'bravo')$i$, t, t, t);
    execute format('alter table %I enable row level security', t);
    execute format('create policy member on %I to pmo_user using (clinic_id = any ((select auth.my_clinics())::uuid[]))', t);
    execute format('grant select, insert, update, delete on %I to pmo_user', t);
  end loop;
end $$;
alter table clinic enable row level security;
alter table clinic_member enable row level security;
create policy member on clinic for select to pmo_user using (clinic_id = any ((select auth.my_clinics())::uuid[]));
create policy colleagues on clinic_member for select to pmo_user using (clinic_id = any ((select auth.my_clinics())::uuid[]));
grant select on specialty, clinic, clinic_member to pmo_user;
reset role;
