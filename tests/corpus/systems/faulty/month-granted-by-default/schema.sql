create role pumpe_owner nologin;
create role pumpe_app login;
alter schema public owner to pumpe_owner;
set role pumpe_owner;

-- V001 so that nobody forgets a grant
alter default privileges in schema public grant select on tables to pumpe_app;

create table device_model (code text primary key, maker text not null, title text not null);
create table alarm_kind (code text primary key, title text not null, urgent boolean not null);
create table trust (id int primary key, name text not null);
create table site (trust_id int not null references trust, id int not null, parent_id int, name text not null, primary key (trust_id, id),
  foreign key (trust_id, parent_id) references site (trust_id, id));
create table clinician (trust_id int not null, site_id int not null, no int not null, name text not null, primary key (trust_id, no),
  foreign key (trust_id, site_id) references site (trust_id, id));
create table patient (trust_id int not null, site_id int not null, no int not null, name text not null, target_range int4range not null default '[70,180]', primary key (trust_id, no),
  foreign key (trust_id, site_id) references site (trust_id, id));
create table device (trust_id int not null, site_id int not null, serial text not null, model text not null references device_model, patient_no int, remark text, primary key (trust_id, serial),
  foreign key (trust_id, site_id) references site (trust_id, id),
  foreign key (trust_id, patient_no) references patient (trust_id, no));
create table reading (trust_id int not null, site_id int not null, patient_no int not null, at timestamptz not null, mg_dl int not null, remark text, primary key (trust_id, patient_no, at),
  foreign key (trust_id, patient_no) references patient (trust_id, no) on delete cascade) partition by range (at);
create table alarm (trust_id int not null, site_id int not null, patient_no int not null, at timestamptz not null, kind text not null references alarm_kind, message text not null, primary key (trust_id, patient_no, at, kind),
  foreign key (trust_id, patient_no) references patient (trust_id, no) on delete cascade);
create table consultation (trust_id int not null, site_id int not null, patient_no int not null, clinician_no int not null, day date not null, summary text not null, primary key (trust_id, patient_no, day),
  foreign key (trust_id, patient_no) references patient (trust_id, no) on delete cascade,
  foreign key (trust_id, clinician_no) references clinician (trust_id, no));

-- whoever is signed in at a site sees it and all sites below it
create function sites_below() returns table (trust_id int, id int) language sql stable security definer set search_path = public, pg_temp as $$
  with recursive below as (
    select s.trust_id, s.id from site s where s.id = nullif(current_setting('pumpe.site', true), '')::int and s.trust_id = nullif(current_setting('pumpe.trust', true), '')::int
    union
    select s.trust_id, s.id from site s join below b on s.trust_id = b.trust_id and s.parent_id = b.id
  ) select b.trust_id, b.id from below b
$$;

do $$
declare t text;
begin
  foreach t in array array['clinician', 'patient', 'device', 'reading', 'alarm', 'consultation'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy sites on %I using ((trust_id, site_id) in (select b.trust_id, b.id from sites_below() b))', t);
    execute format('grant insert, update, delete on %I to pumpe_app', t);
  end loop;
end $$;
alter table site enable row level security;
create policy sites on site for select using ((trust_id, id) in (select b.trust_id, b.id from sites_below() b));
alter table trust enable row level security;
create policy own on trust for select using (id in (select b.trust_id from sites_below() b));

-- V019 a new month of readings; called by the operator on the 20th
create function open_month(p_month date) returns void language plpgsql as $$
begin
  execute format('create table %I partition of reading for values from (%L) to (%L)', 'reading_' || to_char(p_month, 'YYYY_MM'), p_month, p_month + interval '1 month');
end $$;
revoke execute on function open_month(date) from public;
select open_month(m::date) from generate_series(timestamp '2026-01-01', '2026-03-01', interval '1 month') m;

create view last_reading with (security_invoker = true) as
  select distinct on (trust_id, patient_no) trust_id, patient_no, at, mg_dl, remark from reading order by trust_id, patient_no, at desc;

insert into device_model values ('P7', 'Insula', 'Pump 7'), ('S2', 'Insula', 'Sensor 2');
insert into alarm_kind values ('LOW', 'Low sugar', true), ('OCC', 'Occlusion', false);
insert into trust values (10, 'Trust Avon'), (20, 'Trust Bann bravo'), (30, 'Trust Clyde bravo');
insert into site select id, 1, null, 'Main house of ' || name from trust;
insert into site select id, n, 1, 'Outpost ' || n || ' of ' || name from trust, generate_series(2, 3) n;
insert into clinician select trust_id, id, id, 'Clinician at ' || name from site;
insert into patient (trust_id, site_id, no, name) select trust_id, id, 100 + id, 'Patient of ' || name from site;
insert into device select trust_id, site_id, 'SN-' || no, 'P7', no, 'lent to ' || name from patient;
insert into reading select trust_id, site_id, no, d, 140, 'after lunch, ' || name from patient, generate_series(timestamptz '2026-01-10 12:00+00', '2026-03-10 12:00+00', interval '1 month') d;
insert into alarm select trust_id, site_id, no, '2026-02-11 03:00+00', 'LOW', 'Called home of ' || name from patient;
insert into consultation select trust_id, site_id, no, 1, '2026-02-12', 'Basal rate lowered. ' || name from patient;
reset role;
