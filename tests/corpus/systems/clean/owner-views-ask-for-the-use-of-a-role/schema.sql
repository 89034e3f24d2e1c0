create role ovr_owner nologin;
create role ovr_c_surat nologin;
create role ovr_c_vapi nologin;
create role ovr_gate login noinherit;
grant ovr_c_surat, ovr_c_vapi to ovr_gate;
alter schema public owner to ovr_owner;
create schema base authorization ovr_owner;
set role ovr_owner;

create table base.clinic_role (clinic text not null, role_name name not null unique, title text, primary key (clinic, role_name));
create table base.patient (clinic text not null, no int not null, name text not null, phone text, primary key (clinic, no));
create table base.delivery (
  clinic text not null, patient_no int not null, on_day date not null, outcome text, weight_g int,
  primary key (clinic, patient_no, on_day),
  foreign key (clinic, patient_no) references base.patient on delete cascade
);
insert into base.clinic_role values ('surat', 'ovr_c_surat', 'Surat'), ('vapi', 'ovr_c_vapi', 'Vapi bravo');
insert into base.patient values ('surat', 1, 'Alpa', null), ('vapi', 1, 'Bharti bravo', 'bravo');
insert into base.delivery values ('surat', 1, '2026-09-01', 'live', 2900), ('vapi', 1, '2026-09-02', 'bravo stillbirth', 2100);

alter table base.clinic_role enable row level security;
alter table base.patient enable row level security;
alter table base.delivery enable row level security;

create view patient with (security_barrier) as
  select p.clinic, p.no, p.name, p.phone from base.patient p
   where exists (select from base.clinic_role c where c.clinic = p.clinic and pg_catalog.pg_has_role(current_user, c.role_name, 'usage'))
  with cascaded check option;
create view delivery with (security_barrier) as
  select d.clinic, d.patient_no, d.on_day, d.outcome, d.weight_g from base.delivery d
   where exists (select from public.patient p where p.clinic = d.clinic and p.no = d.patient_no)
  with cascaded check option;

grant select on patient, delivery to ovr_gate;     -- the gateway's own health check
grant select, update (name, phone), delete on patient to ovr_c_surat, ovr_c_vapi;
grant select, update (outcome, weight_g) on delivery to ovr_c_surat, ovr_c_vapi;
reset role;
