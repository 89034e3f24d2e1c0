create role roe_owner nologin;
create role roe_gateway login noinherit;
create role roe_user nologin;
grant roe_user to roe_gateway;
alter schema public owner to roe_owner;
set role roe_owner;

create table modality (code text primary key, title text not null);
create table body_part (code text primary key, title text not null);
create table site (code text primary key, name text not null, town text not null);
create table scanner (site text not null references site, code text not null, modality text not null references modality, remark text, primary key (site, code));
create table radiologist (site text not null references site, initials text not null, name text not null, primary key (site, initials));
create table patient (site text not null references site, no bigint not null, name text not null, implant text, primary key (site, no));
create table request (site text not null, no bigint not null, patient_no bigint not null, modality text not null references modality, body_part text not null references body_part, question text not null,
  primary key (site, no), foreign key (site, patient_no) references patient (site, no));
create table slot_booking (
  site text not null,
  request_no bigint not null,
  scanner text not null,
  starts_at timestamptz not null,
  minutes int not null default 20,
  remark text,
  primary key (site, request_no),
  foreign key (site, request_no) references request (site, no) on delete cascade,
  foreign key (site, scanner) references scanner (site, code),
  constraint slot_is_free unique (scanner, starts_at)
);
create table contrast_check (site text not null, request_no bigint not null, gfr int, allergy text not null, primary key (site, request_no),
  foreign key (site, request_no) references request (site, no) on delete cascade);
create table report (site text not null, request_no bigint not null, initials text not null, finding text not null, primary key (site, request_no),
  foreign key (site, request_no) references request (site, no),
  foreign key (site, initials) references radiologist (site, initials));
create table scanner_downtime (site text not null, scanner text not null, since timestamptz not null, reason text not null, primary key (site, scanner, since),
  foreign key (site, scanner) references scanner (site, code) on delete cascade);

create function my_site() returns text language sql stable as
$$ select nullif(current_setting('request.jwt.claims', true), '')::jsonb #>> '{app_metadata,site}' $$;

insert into modality values ('MR', 'Magnetic resonance'), ('CT', 'Computed tomography');
insert into body_part values ('KNEE', 'Knee'), ('HEAD', 'Head');
insert into site values ('ALS', 'Radiologie Alster', 'Hamburg'), ('BIL', 'Radiologie Bille bravo', 'Hamburg'), ('ELB', 'Radiologie Elbe bravo', 'Wedel');
insert into scanner select code, m || '1', m, '3 tesla or 64 rows, ' || name from site, unnest(array['MR', 'CT']) m;
insert into radiologist select code, 'RR', 'Dr R of ' || name from site;
insert into patient select code, n, 'Patient ' || n || ' of ' || name, 'none' from site, generate_series(1, 3) n;
insert into request select site, no, no, 'MR', 'KNEE', 'Meniscus? ' || name from patient;
insert into slot_booking (site, request_no, scanner, starts_at, remark)
  select r.site, r.no, 'MR1', timestamptz '2026-06-01 08:00+00' + r.no * interval '20 minutes' + case r.site when 'ALS' then 0 when 'BIL' then 4 else 8 end * interval '1 hour', 'fasting, ' || r.question
  from request r where r.no < 3;
insert into contrast_check select site, no, 90, 'none known: ' || question from request;
insert into report select site, no, 'RR', 'No tear. ' || question from request where no = 1;
insert into scanner_downtime select site, code, '2026-05-01 06:00+00', 'Service: ' || remark from scanner;

do $$
declare t text;
begin
  foreach t in array array['scanner', 'radiologist', 'patient', 'request', 'slot_booking', 'contrast_check', 'report', 'scanner_downtime'] loop
    execute format('alter table %I enable row level security, force row level security', t);
    execute format('create policy site on %I to roe_user using (site = my_site()) with check (site = my_site())', t);
  end loop;
end $$;
alter table site enable row level security, force row level security;
create policy own on site for select to roe_user using (code = my_site());

create view day_list with (security_invoker = true) as
  select b.starts_at, b.scanner, p.name, r.question, c.allergy
  from slot_booking b
  join request r on r.site = b.site and r.no = b.request_no
  join patient p on p.site = r.site and p.no = r.patient_no
  left join contrast_check c on c.site = b.site and c.request_no = b.request_no;
create function free_slots(p_scanner text, p_day date) returns setof timestamptz language sql stable as $$
  select s from generate_series((p_day + time '08:00') at time zone 'UTC', (p_day + time '18:00') at time zone 'UTC', interval '20 minutes') s
  where not exists (select from slot_booking b where b.scanner = p_scanner and b.starts_at = s)
$$;

grant select on all tables in schema public to roe_user;
grant insert, update, delete on scanner, radiologist, patient, request, slot_booking, contrast_check, report, scanner_downtime to roe_user;
reset role;
