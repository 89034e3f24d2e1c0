create role cnin_owner nologin;
create role cnin_app login;
create schema net authorization cnin_owner;
set role cnin_owner;

create table net.organisation (id uuid primary key, name text not null, kind text not null);
create table net.role_kind (code text primary key, label text not null, may_invite boolean not null);
create table net.app_user (id uuid primary key, home_org uuid not null references net.organisation, email text not null unique, name text not null);
create table net.membership (org_id uuid not null references net.organisation, user_id uuid not null references net.app_user, role text not null references net.role_kind, since date not null default current_date, remark text, primary key (org_id, user_id));
create table net.invitation (
  org_id uuid not null references net.organisation,
  id uuid not null default gen_random_uuid(),
  email text not null,
  role text not null references net.role_kind,
  message text,
  answer text check (answer in ('accepted', 'declined')),
  sent_at timestamptz not null default now(),
  primary key (org_id, id)
);
create table net.client (org_id uuid not null references net.organisation, client_no int not null, name text not null, need text, primary key (org_id, client_no));
create table net.care_plan (org_id uuid not null, client_no int not null, plan_no int not null, goal text not null, primary key (org_id, client_no, plan_no), foreign key (org_id, client_no) references net.client);
create table net.care_plan_step (org_id uuid not null, client_no int not null, plan_no int not null, step int not null, body text not null, primary key (org_id, client_no, plan_no, step), foreign key (org_id, client_no, plan_no) references net.care_plan on delete cascade);
create table net.document (org_id uuid not null, client_no int not null, document_no int not null, title text not null, body text, primary key (org_id, client_no, document_no), foreign key (org_id, client_no) references net.client);
create table net.activity (org_id uuid not null references net.organisation, at timestamptz not null default clock_timestamp(), entry text not null);

insert into net.organisation values ('00000000-0000-4000-a000-000000000001', 'Weser Care', 'home care'), ('00000000-0000-4000-a000-000000000002', 'bravo Hospice', 'bravo hospice'), ('00000000-0000-4000-a000-000000000003', 'bravo Meals', 'bravo meals');
insert into net.role_kind values ('lead', 'Lead', true), ('nurse', 'Nurse', false), ('guest', 'Guest', false);
insert into net.app_user values
  ('00000000-0000-4000-b000-000000000001', '00000000-0000-4000-a000-000000000001', 'ann@weser.example', 'Ann'),
  ('00000000-0000-4000-b000-000000000011', '00000000-0000-4000-a000-000000000001', 'tim@weser.example', 'Tim'),
  ('00000000-0000-4000-b000-000000000002', '00000000-0000-4000-a000-000000000002', 'bo@bravo.example', 'Bo bravo'),
  ('00000000-0000-4000-b000-000000000003', '00000000-0000-4000-a000-000000000003', 'cy@bravo-meals.example', 'Cy bravo');
insert into net.membership values
  ('00000000-0000-4000-a000-000000000001', '00000000-0000-4000-b000-000000000001', 'nurse', '2025-01-01', null),
  ('00000000-0000-4000-a000-000000000001', '00000000-0000-4000-b000-000000000011', 'lead', '2025-01-01', null),
  ('00000000-0000-4000-a000-000000000002', '00000000-0000-4000-b000-000000000002', 'lead', '2025-01-01', 'bravo founder'),
  ('00000000-0000-4000-a000-000000000003', '00000000-0000-4000-b000-000000000003', 'lead', '2025-01-01', 'bravo founder');
insert into net.invitation (org_id, id, email, role, message) values
  ('00000000-0000-4000-a000-000000000001', '00000000-0000-4000-c000-000000000001', 'ann@weser.example', 'lead', 'please take over the team'),
  ('00000000-0000-4000-a000-000000000002', '00000000-0000-4000-c000-000000000002', 'vic@bravo.example', 'nurse', 'bravo welcome'),
  ('00000000-0000-4000-a000-000000000003', '00000000-0000-4000-c000-000000000003', 'wes@bravo.example', 'guest', 'bravo welcome');
insert into net.client values ('00000000-0000-4000-a000-000000000001', 1, 'Mr. Hay', 'washing'), ('00000000-0000-4000-a000-000000000002', 1, 'Ms. bravo', 'bravo palliative'), ('00000000-0000-4000-a000-000000000003', 1, 'Mx. bravo', 'bravo no salt');
insert into net.care_plan values ('00000000-0000-4000-a000-000000000001', 1, 1, 'stay at home'), ('00000000-0000-4000-a000-000000000002', 1, 1, 'bravo no pain'), ('00000000-0000-4000-a000-000000000003', 1, 1, 'bravo weight');
insert into net.care_plan_step values ('00000000-0000-4000-a000-000000000001', 1, 1, 1, 'daily visit'), ('00000000-0000-4000-a000-000000000002', 1, 1, 1, 'bravo morphine'), ('00000000-0000-4000-a000-000000000003', 1, 1, 1, 'bravo soup');
insert into net.document values ('00000000-0000-4000-a000-000000000001', 1, 1, 'contract', 'signed'), ('00000000-0000-4000-a000-000000000002', 1, 1, 'bravo living will', 'bravo'), ('00000000-0000-4000-a000-000000000003', 1, 1, 'bravo order', 'bravo');
insert into net.activity (org_id, entry) values ('00000000-0000-4000-a000-000000000001', 'Tim invited'), ('00000000-0000-4000-a000-000000000002', 'bravo invited'), ('00000000-0000-4000-a000-000000000003', 'bravo invited');

create function net.me() returns uuid language sql stable as $$ select nullif(current_setting('cnin.user_id', true), '')::uuid $$;
create function net.my_email() returns text language sql stable security definer set search_path = net, pg_temp
  as $$ select u.email from app_user u where u.id = me() $$;
create function net.my_orgs() returns setof uuid language sql stable security definer set search_path = net, pg_temp
  as $$ select m.org_id from membership m where m.user_id = me() $$;
create function net.orgs_i_lead() returns setof uuid language sql stable security definer set search_path = net, pg_temp
  as $$ select m.org_id from membership m join role_kind r on r.code = m.role where m.user_id = me() and r.may_invite $$;

do $$
declare t text;
begin
  foreach t in array array['client', 'care_plan', 'care_plan_step', 'document', 'activity', 'membership'] loop
    execute format('alter table net.%I enable row level security', t);
    execute format('create policy members on net.%I using (org_id in (select net.my_orgs())) with check (org_id in (select net.my_orgs()))', t);
  end loop;
end $$;
alter table net.organisation enable row level security;
create policy members on net.organisation for select using (id in (select net.my_orgs()));
alter table net.app_user enable row level security;
create policy colleagues on net.app_user for select using (id = net.me() or home_org in (select net.my_orgs()));

alter table net.invitation enable row level security;
create policy read_sent_or_received on net.invitation for select using (org_id in (select net.my_orgs()) or email = net.my_email());
create policy leads_invite on net.invitation for insert with check (org_id in (select net.orgs_i_lead()) and answer is null);
create policy leads_take_back on net.invitation for delete using (org_id in (select net.orgs_i_lead()));
create policy receiver_answers on net.invitation for update using (email = net.my_email());

create function net.accept(p_invitation uuid) returns text
language plpgsql security definer set search_path = net, pg_temp as $$
declare
  i invitation;
begin
  select * into i from invitation where id = p_invitation and email = my_email() and answer is distinct from 'declined';
  if not found then
    return 'no such invitation';
  end if;
  insert into membership (org_id, user_id, role) values (i.org_id, me(), i.role)
    on conflict (org_id, user_id) do update set role = excluded.role;
  update invitation set answer = 'accepted' where org_id = i.org_id and id = i.id;
  insert into activity (org_id, entry) values (i.org_id, i.email || ' joined');
  return 'welcome';
end $$;

revoke all on all functions in schema net from public;
grant usage on schema net to cnin_app;
grant execute on all functions in schema net to cnin_app;
grant select on all tables in schema net to cnin_app;
grant insert, update, delete on net.client, net.care_plan, net.care_plan_step, net.document to cnin_app;
grant insert, update, delete on net.invitation to cnin_app;
grant insert on net.activity to cnin_app;
reset role;
