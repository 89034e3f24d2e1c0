create role rad_owner nologin;
create role rad_app login;
alter schema public owner to rad_owner;
set role rad_owner;
create table study (site_id int not null, study_no int not null, taken_on date not null, patient text not null, report text,
  primary key (site_id, study_no, taken_on)) partition by range (taken_on);
create table study_2026_01 partition of study for values from ('2026-01-01') to ('2026-02-01');
create table study_2026_02 partition of study for values from ('2026-02-01') to ('2026-03-01');
insert into study values (1, 1, '2026-01-05', 'Mohan', 'clear'), (2, 1, '2026-01-06', 'Jaya bravo', 'bravo nodule'), (2, 2, '2026-02-06', 'Kiran bravo', 'bravo fracture');
alter table study enable row level security, force row level security;
create policy site on study using (site_id = (select nullif(current_setting('rad.site', true), '')::int));
grant select, insert on study to rad_app;
grant select on study_2026_01, study_2026_02 to rad_app;
reset role;
