create role sra_owner nologin;
create role sra_app login;
alter schema public owner to sra_owner;
set role sra_owner;
create table modality (code text primary key, label text not null);
create table center (center_id int primary key, name text not null, city text not null);
create table study (
  study_no bigint primary key, center_id int not null references center, modality text not null references modality,
  patient text not null, taken_on date not null, unique (center_id, study_no));
create table report (
  center_id int not null, study_no bigint not null, version int not null, radiologist text not null, body text not null,
  primary key (center_id, study_no, version), foreign key (center_id, study_no) references study (center_id, study_no));
create table print_request (
  center_id int not null, study_no bigint not null, copy_no int not null, asked_by text not null,
  primary key (center_id, study_no, copy_no), foreign key (center_id, study_no) references study (center_id, study_no));
insert into modality values ('US', 'Ultrasound'), ('CT', 'CT scan'), ('XR', 'X-ray');
insert into center values (31, 'Sunrise Scans', 'Nashik'), (32, 'Bravo Diagnostics bravo', 'Pune');
insert into study values
  (700101, 31, 'US', 'Lata Pawar', '2026-04-02'), (700102, 31, 'CT', 'Omkar Shinde', '2026-04-03'),
  (700103, 32, 'CT', 'Baburao bravo', '2026-04-03'), (700104, 32, 'XR', 'Bhavna bravo', '2026-04-04');
insert into report values
  (31, 700101, 1, 'Dr. Kale', 'Single live intrauterine gestation'), (31, 700102, 1, 'Dr. Kale', 'No bleed'),
  (32, 700103, 1, 'Dr. Bhide bravo', 'Mass in the left lobe, bravo'), (32, 700104, 1, 'Dr. Bhide bravo', 'Fracture of ulna, bravo');
insert into print_request values (31, 700101, 1, 'front desk'), (32, 700103, 1, 'desk bravo');
create function my_center() returns int language sql stable as
$$ select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'center_id')::int $$;
-- the list page ticks several studies and opens them in one go
create function reports_of(p_studies bigint[]) returns table (study_no bigint, version int, radiologist text, body text)
language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (
    select from public.study s where s.study_no = any (p_studies) and s.center_id = public.my_center()
  ) then
    raise exception 'study not found' using errcode = 'no_data_found';
  end if;
  return query
    select r.study_no, r.version, r.radiologist, r.body
      from public.report r
     where r.study_no = any (p_studies)
     order by r.study_no, r.version desc;
end $$;
revoke execute on function reports_of(bigint[]) from public;
grant execute on function reports_of(bigint[]) to sra_app;
alter table center enable row level security;
alter table study enable row level security;
alter table report enable row level security;
alter table print_request enable row level security;
create policy own_center on center for select using (center_id = (select my_center()));
create policy own_studies on study for select using (center_id = (select my_center()));
create policy own_reports on report using (center_id = (select my_center()));
create policy own_prints on print_request using (center_id = (select my_center())) with check (center_id = (select my_center()));
grant select on modality, center, study to sra_app;
grant select, insert on report to sra_app;
grant select, insert, delete on print_request to sra_app;
reset role;
