create role dety_owner nologin;
create role dety_app login;
alter schema public owner to dety_owner;
set role dety_owner;
alter default privileges for role dety_owner in schema public grant select on tables to dety_app;
create table study (site_no bigint not null, taken date not null, accession text not null, patient text not null, report text, primary key (site_no, taken, accession)) partition by range (taken);
create table study_2023 partition of study for values from ('2023-01-01') to ('2024-01-01');
create table study_2024 partition of study for values from ('2024-01-01') to ('2025-01-01');
create table study_2025 partition of study for values from ('2025-01-01') to ('2026-01-01');
insert into study select s, make_date(y, 3, 1), 'A1', n || case s when 5502 then ' bravo' else '' end, 'ct' || case s when 5502 then ' bravo' else '' end
  from (values (5501, 'Appu'), (5502, 'Bincy')) as p (s, n), generate_series(2023, 2025) y;
alter table study enable row level security, force row level security;
create policy site on study using (site_no = (select nullif(current_setting('dety.site', true), '')::bigint));
alter table study_2024 enable row level security;
alter table study_2025 enable row level security;
grant select, insert, update on study to dety_app;
alter table study detach partition study_2023;
reset role;
