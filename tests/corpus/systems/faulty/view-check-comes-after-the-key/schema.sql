create role vck_owner nologin;
create role vck_desk login;
alter schema public owner to vck_owner;
create schema store authorization vck_owner;
set role vck_owner;

-- the medico-legal register, numbered by the police station's slip
create table store.mlc_register (
  unit text not null, slip text not null, victim text not null, injury text,
  primary key (unit, slip)
);
create table store.triage (
  unit text not null, slip text not null, at_minute int not null, colour text not null, remark text,
  primary key (unit, slip, at_minute),
  foreign key (unit, slip) references store.mlc_register
);
insert into store.mlc_register values ('ER1', 'PS4-101', 'Anil', 'fracture'), ('ER2', 'PS9-bravo-7', 'Banu bravo', 'bravo burns');
insert into store.triage values ('ER1', 'PS4-101', 5, 'yellow', null), ('ER2', 'PS9-bravo-7', 3, 'red', 'bravo');

create function my_unit() returns text language sql stable as $$ select nullif(current_setting('vck.unit', true), '') $$;

alter table store.mlc_register enable row level security;
alter table store.triage enable row level security;

create view mlc_register with (security_barrier) as
  select unit, slip, victim, injury from store.mlc_register where unit = my_unit() with cascaded check option;
create view triage with (security_barrier) as
  select unit, slip, at_minute, colour, remark from store.triage where unit = my_unit();

-- the register is never changed, only continued
grant select, insert on mlc_register to vck_desk;
grant select on triage to vck_desk;
reset role;
