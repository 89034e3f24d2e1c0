create role ludwin_owner nologin;
create role ludwin_support nologin;
create role ludwin_web login;
alter schema public owner to ludwin_owner;
set role ludwin_owner;

create function org_now() returns uuid language sql stable return nullif(current_setting('ludwin.org', true), '')::uuid;

create table topic (code text primary key, title text not null);
create table feature (code text primary key, title text not null, beta boolean not null);
create table org (id uuid primary key, title text not null, plan text not null);
create table staff (org_id uuid not null references org, email text not null, full_name text not null, disabled_at timestamptz, primary key (org_id, email));
create table patient (org_id uuid not null references org, no int not null, full_name text not null, deleted_at timestamptz, primary key (org_id, no));
create table record (org_id uuid not null, patient_no int not null, at timestamptz not null, body text not null, primary key (org_id, patient_no, at),
  foreign key (org_id, patient_no) references patient (org_id, no) on delete cascade);
create table ticket (org_id uuid not null references org, no int not null, topic text not null references topic, body text not null, closed_at timestamptz, primary key (org_id, no));
-- the customer lets the vendor in, for a ticket and for hours
create table support_leave (org_id uuid not null, ticket_no int not null, given_by text not null, until timestamptz not null check (until < 'infinity'), reason text not null,
  primary key (org_id, ticket_no), foreign key (org_id, ticket_no) references ticket (org_id, no) on delete cascade);
create table support_visit (org_id uuid not null references org, at timestamptz not null default clock_timestamp(), agent text not null default current_user, what text not null);

create function support_may(p_org uuid) returns boolean language sql stable security definer set search_path = public, pg_temp
begin atomic
  select exists (select from support_leave l join ticket t on (t.org_id, t.no) = (l.org_id, l.ticket_no) where l.org_id = p_org and l.until > now() and t.closed_at is null);
end;

insert into topic values ('login', 'Cannot sign in'), ('print', 'Printing');
insert into feature values ('fax', 'Fax', false), ('ai', 'Letters drafted', true);
insert into org values ('5a000000-0000-4000-8000-000000000001', 'MVZ Alster', 'pro'), ('5a000000-0000-4000-8000-000000000002', 'MVZ Bille bravo', 'pro'), ('5a000000-0000-4000-8000-000000000003', 'MVZ Elbe bravo', 'free');
insert into staff select id, 'head@' || plan || '.example', 'Head of ' || title from org;
insert into patient select id, n, 'Patient ' || n || ' of ' || title, case when n = 3 then timestamptz '2026-01-01 00:00+00' end from org, generate_series(1, 3) n;
insert into record select org_id, no, '2026-01-02 08:00+00', 'cough, ' || full_name from patient;
insert into ticket select id, n, 'print', 'Printer at ' || title || ' is stuck' from org, generate_series(1, 2) n;
insert into support_leave select id, 1, 'head', '2020-01-01', 'look at ' || title from org;
insert into support_leave select id, 2, 'head', '2099-01-01', 'look again at ' || title from org where title like '%Bille%';
insert into support_visit select id, '2020-01-01 10:00+00', 'agent', 'restarted the spooler of ' || title from org;

do $$
declare t text;
begin
  foreach t in array array['staff', 'patient', 'record'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy of_org on %I to ludwin_web using (org_id = org_now())', t);
    execute format('create policy with_leave on %I for select to ludwin_support using (support_may(org_id))', t);
  end loop;
end $$;
alter table org enable row level security;
create policy of_org on org for select to ludwin_web using (id = org_now());
create policy desk on org for select to ludwin_support using (true);
alter table ticket enable row level security;
create policy of_org on ticket to ludwin_web using (org_id = org_now());
create policy desk on ticket for select to ludwin_support using (true);
alter table support_leave enable row level security;
create policy of_org on support_leave to ludwin_web using (org_id = org_now());
create policy desk on support_leave for select to ludwin_support using (true);
alter table support_visit enable row level security;
create policy of_org on support_visit for select to ludwin_web using (org_id = org_now());
create policy desk_writes on support_visit for insert to ludwin_support with check (support_may(org_id));

create view living_patient with (security_invoker = true) as select org_id, no, full_name from patient where deleted_at is null;

revoke execute on function support_may from public;
grant execute on function support_may to ludwin_support;
grant select on all tables in schema public to ludwin_web, ludwin_support;
grant insert, update, delete on staff, patient, record, ticket, support_leave to ludwin_web;
grant insert on support_visit to ludwin_support;
reset role;
