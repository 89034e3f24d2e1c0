create role faxline_owner nologin;
create role faxline_sender nologin;
create role faxline_web login;
create schema fax authorization faxline_owner;
set role faxline_owner;
set search_path = fax;

create table fax_state (code text primary key, title text not null, final boolean not null);
create table cover_sheet (code text primary key, title text not null, body text not null);
create table site (id uuid primary key, name text not null);
create table person (id uuid primary key, full_name text not null, initials text not null);
create table site_member (site_id uuid not null references site, person_id uuid not null references person, job text not null, left_on date, primary key (site_id, person_id));
create table patient (site_id uuid not null references site, no int not null, full_name text not null, primary key (site_id, no));
create table contact (site_id uuid not null references site, no int not null, name text not null, fax text not null, primary key (site_id, no));
create table fax_job (
  site_id uuid not null, id uuid not null default gen_random_uuid(), patient_no int not null, contact_no int not null, cover text references cover_sheet,
  body text not null, state text not null default 'waiting' references fax_state, queued_at timestamptz not null default clock_timestamp(),
  primary key (site_id, id),
  foreign key (site_id, patient_no) references patient (site_id, no),
  foreign key (site_id, contact_no) references contact (site_id, no)
);
create index on fax_job (state, queued_at);
create table fax_attempt (site_id uuid not null, job_id uuid not null, at timestamptz not null, answer text not null, primary key (site_id, job_id, at),
  foreign key (site_id, job_id) references fax_job (site_id, id) on delete cascade);
create table fax_number (site_id uuid not null references site, number text not null, remark text, primary key (site_id, number));

-- Who is signed in decides; the site follows from the membership. Nobody is in two sites at a time.
create function current_site() returns uuid language sql stable security definer set search_path = fax, pg_temp as $$
  select m.site_id from site_member m
   where m.person_id = nullif(current_setting('fax.person', true), '')::uuid and m.left_on is null
$$;

create function queue_fax(patient int, contact int, text_body text) returns uuid language sql set search_path = fax, pg_temp as $$
  insert into fax_job (site_id, patient_no, contact_no, cover, body) values (current_site(), patient, contact, 'STD', text_body) returning id
$$;

-- There is one modem pool. "Is it out yet?" was the most frequent call to the hotline.
create function fax_position(job uuid) returns text language plpgsql stable security definer set search_path = fax, pg_temp as $$
declare
  mine fax_job;
  ahead bigint;
begin
  select * into mine from fax_job j where j.site_id = current_site() and j.id = job;
  if not found then
    return 'There is no such fax.';
  elsif mine.state <> 'waiting' then
    return 'This fax is no longer waiting.';
  end if;
  select count(*) into ahead from fax_job j where j.state = 'waiting' and j.queued_at < mine.queued_at;
  return format('%s faxes are ahead of yours.', ahead);
end $$;

create function retry_fax(job uuid) returns boolean language plpgsql security definer set search_path = fax, pg_temp as $$
begin
  update fax_job j set state = 'waiting', queued_at = clock_timestamp() where j.site_id = current_site() and j.id = job and j.state = 'failed';
  return found;
end $$;

insert into fax_state values ('waiting', 'Waiting', false), ('sent', 'Sent', true), ('failed', 'Failed', true);
insert into cover_sheet values ('STD', 'Standard', 'Confidential. If you are not the addressee, call us.');
insert into site values
  ('d1000000-0000-4000-8000-000000000001', 'Surgery at the Mill'),
  ('d1000000-0000-4000-8000-000000000002', 'Harbour surgery bravo'),
  ('d1000000-0000-4000-8000-000000000003', 'Dr. Stone bravo');
insert into person select ('e1000000-0000-4000-8000-00000000000' || right(id::text, 1))::uuid, 'Ms. Page, ' || name, 'pg' from site;
insert into site_member select id, ('e1000000-0000-4000-8000-00000000000' || right(id::text, 1))::uuid, 'reception, ' || name, null from site;
insert into patient select id, n, 'Patient ' || n || ', ' || name from site, generate_series(1, 3) n;
insert into contact select id, 1, 'Hospital near ' || name, '0049 30 11' from site;
insert into fax_job (site_id, patient_no, contact_no, cover, body, state, queued_at)
  select site_id, no, 1, 'STD', 'Referral for ' || full_name, case no when 1 then 'failed' else 'waiting' end,
    '2026-07-01 08:00+00'::timestamptz + no * interval '1 minute' - right(site_id::text, 1)::int * interval '1 second'
    from patient;
insert into fax_attempt select site_id, id, '2026-07-01 08:10+00', 'BUSY, ' || body from fax_job where state = 'failed';
insert into fax_number select id, '0049 40 9' || right(id::text, 1), 'main line of ' || name from site;

alter table site enable row level security;
create policy own on site for select using (id = current_site());
alter table person enable row level security;
create policy colleagues on person for select using (id in (select m.person_id from site_member m where m.site_id = current_site()));
do $$
declare t text;
begin
  foreach t in array array['site_member', 'patient', 'contact', 'fax_job', 'fax_attempt', 'fax_number'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy site on %I using (site_id = (select current_site()))', t);
  end loop;
end $$;
create policy sends on fax_job to faxline_sender using (true);
create policy notes on fax_attempt to faxline_sender using (true);

grant usage on schema fax to faxline_web, faxline_sender;
grant select, update on fax_job to faxline_sender;
grant select, insert on fax_attempt to faxline_sender;
grant select on all tables in schema fax to faxline_web;
grant insert, update, delete on patient, contact to faxline_web;
grant insert (site_id, patient_no, contact_no, cover, body), delete on fax_job to faxline_web;
revoke execute on all functions in schema fax from public;
grant execute on all functions in schema fax to faxline_web;
reset role;
reset search_path;
