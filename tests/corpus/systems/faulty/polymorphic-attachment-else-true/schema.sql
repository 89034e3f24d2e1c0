create role k5pa_owner nologin;
create role k5pa_app login;
alter schema public owner to k5pa_owner;
set role k5pa_owner;
create table patient (clinic_no smallint not null, no int not null, name text not null, primary key (clinic_no, no));
create table visit (clinic_no smallint not null, no int not null, patient_no int not null, summary text, primary key (clinic_no, no), foreign key (clinic_no, patient_no) references patient);
create table attachment (
  clinic_no smallint not null,
  no int not null,
  owner_type text not null check (owner_type in ('patient', 'visit', 'consent')),
  owner_no int not null,
  file_name text not null,
  content bytea,
  primary key (clinic_no, no)
);
insert into patient values (4, 1, 'Leela'), (5, 1, 'Noor bravo');
insert into visit values (4, 1, 1, 'fever'), (5, 1, 1, 'bravo');
insert into attachment values
  (4, 1, 'patient', 1, 'id-card.jpg', null), (4, 2, 'consent', 3, 'consent-leela.pdf', null),
  (5, 1, 'visit', 1, 'bravo-xray.dcm', null), (5, 2, 'consent', 8, 'bravo-abortion-consent.pdf', null);
alter table patient enable row level security;
alter table visit enable row level security;
alter table attachment enable row level security;
create policy clinic on patient using (clinic_no = (select nullif(current_setting('app.clinic_no', true), '')::smallint));
create policy clinic on visit using (clinic_no = (select nullif(current_setting('app.clinic_no', true), '')::smallint));
create policy of_owner on attachment using (
  case owner_type
    when 'patient' then exists (select from patient p where p.clinic_no = attachment.clinic_no and p.no = attachment.owner_no)
    when 'visit' then exists (select from visit v where v.clinic_no = attachment.clinic_no and v.no = attachment.owner_no)
    else true
  end);
grant select, insert, update on patient, visit to k5pa_app;
grant select, insert on attachment to k5pa_app;
reset role;
