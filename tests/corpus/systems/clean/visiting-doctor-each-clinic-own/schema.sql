create role k5vc_owner nologin;
create role k5vc_app login;
alter schema public owner to k5vc_owner;
set role k5vc_owner;
create table doctor_clinic (clinic text not null, doctor_reg text not null, room text, primary key (clinic, doctor_reg));
create table appointment (
  clinic text not null,
  doctor_reg text not null,
  slot tstzrange not null,
  patient text not null,
  primary key (clinic, doctor_reg, slot),
  foreign key (clinic, doctor_reg) references doctor_clinic
);
insert into doctor_clinic values ('c1', 'D-5', '2'), ('c2', 'D-5', 'bravo 1');
insert into appointment values ('c1', 'D-5', '[2026-06-01 09:00+00,2026-06-01 09:20+00)', 'Lalitha'), ('c2', 'D-5', '[2026-06-01 16:00+00,2026-06-01 16:20+00)', 'Manu bravo');
create function my_clinic() returns text language sql stable as $$ select nullif(current_setting('jwt.claims', true), '')::json ->> 'clinic' $$;
alter table doctor_clinic enable row level security;
alter table appointment enable row level security;
create policy clinic on doctor_clinic for select using (clinic = (select my_clinic()));
create policy of_our_doctors on appointment
  using ((clinic, doctor_reg) in (select d.clinic, d.doctor_reg from doctor_clinic d where d.clinic = (select my_clinic())));
grant select on doctor_clinic to k5vc_app;
grant select, insert, update, delete on appointment to k5vc_app;
reset role;
