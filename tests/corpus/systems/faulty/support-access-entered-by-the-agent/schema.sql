create role saea_owner nologin;
create role saea_app login;
alter schema public owner to saea_owner;
revoke create on schema public from public;
set role saea_owner;

create table plan (code text primary key, cents int not null);
create table reseller (code text primary key, parent text references reseller, name text not null);
create table org (slug text primary key, reseller text not null references reseller, plan text not null references plan, name text not null, closed_at timestamptz);
create table account (id uuid primary key, home_org text not null references org, email text not null unique, name text not null);
create table member (org text not null references org, account uuid not null references account, job text not null, primary key (org, account));
-- a member of the organisation lets a colleague of the support desk in, for some hours
create table support_access (org text not null references org, agent uuid not null, until timestamptz not null, reason text not null, primary key (org, agent, until));
create table patient (org text not null references org, no int not null, name text not null, insurance_no text, primary key (org, no));
create table episode (org text not null, patient_no int not null, opened date not null, icd text not null, summary text, primary key (org, patient_no, opened), foreign key (org, patient_no) references patient on delete cascade);
create table note (org text not null references org, about_type text not null, about_key text not null, no int not null, body text not null, author uuid, primary key (org, about_type, about_key, no));
create table feature (org text not null references org, name text not null, enabled boolean not null default false, remark text, primary key (org, name));
create table invoice (org text not null references org, no int not null, cents int not null, line text not null, primary key (org, no));
create table sign_in_log (org text not null references org, at timestamptz not null default clock_timestamp(), id uuid not null default gen_random_uuid(), what text not null, primary key (org, id));

insert into plan values ('solo', 4900), ('team', 14900);
insert into reseller values ('hq', null, 'Headquarters'), ('nord', 'hq', 'Partner Nord');
insert into org values ('praxis-am-see', 'nord', 'team', 'Practice am See'), ('praxis-im-tal', 'nord', 'team', 'Practice im Tal bravo'), ('praxis-am-tor', 'hq', 'solo', 'Practice am Tor bravo');
insert into account select md5(slug)::uuid, slug, 'owner@' || slug || '.example', 'Owner of ' || name from org;
insert into member select slug, md5(slug)::uuid, 'owner of ' || name from org;
insert into support_access select slug, md5('desk')::uuid, '2025-11-01 12:00+01', 'Import failed at ' || name from org;
insert into patient select slug, n, 'Patient ' || n || ' of ' || name, 'A12345678' || n from org, generate_series(1, 2) n;
insert into episode select org, no, '2025-12-01', 'F32.1', 'Episode of ' || name from patient;
insert into note select org, 'patient', no::text, 1, 'Call back ' || name, null from patient;
insert into feature select slug, 'video', true, 'Asked for by ' || name from org;
insert into invoice select slug, 1, 14900, 'Subscription of ' || name from org;
insert into sign_in_log (org, what) select slug, 'Owner of ' || name || ' signed in' from org;

create function me() returns uuid language sql stable return nullif(current_setting('app.account', true), '')::uuid;
create function member_orgs() returns setof text language sql stable security definer set search_path = public, pg_temp as $$
  select m.org from member m join org o on o.slug = m.org where m.account = me() and o.closed_at is null
$$;
create function reachable_orgs() returns setof text language sql stable security definer set search_path = public, pg_temp as $$
  select member_orgs() union select s.org from support_access s where s.agent = me() and s.until > now()
$$;

do $$
declare t text;
begin
  foreach t in array array['patient', 'episode', 'note'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy reachable on %I using (org in (select reachable_orgs())) with check (org in (select reachable_orgs()))', t);
  end loop;
  foreach t in array array['member', 'feature', 'invoice', 'sign_in_log'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy members_only on %I using (org in (select member_orgs())) with check (org in (select member_orgs()))', t);
  end loop;
end $$;
alter table org enable row level security;
create policy reachable on org for select using (slug in (select reachable_orgs()));
alter table account enable row level security;
create policy oneself on account for select using (id = me());
create policy colleagues on account for select using (exists (select from member m where m.account = account.id));

alter table support_access enable row level security;
create policy seen on support_access for select using (agent = me() or org in (select member_orgs()));
create policy entered on support_access for insert with check (agent = me() or org in (select member_orgs()));
create policy ended on support_access for update using (org in (select member_orgs())) with check (org in (select member_orgs()));

create function log_support() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into sign_in_log (org, what) values (new.org, 'Support may look until ' || new.until || ': ' || new.reason);
  return null;
end $$;
create trigger log_support after insert on support_access for each row execute function log_support();

grant select on plan, org, account, member, feature, invoice, sign_in_log, support_access to saea_app;
grant insert, update (until, reason) on support_access to saea_app;
grant insert, update, delete on patient, episode, note to saea_app;
grant select on patient, episode, note to saea_app;
grant update (enabled) on feature to saea_app;
reset role;
