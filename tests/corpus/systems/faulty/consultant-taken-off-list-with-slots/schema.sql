create role ctl_owner nologin;
create role ctl_opd login;
alter schema public owner to ctl_owner;
set role ctl_owner;

create table consultant (
  reg_no text primary key,           -- registration with the state medical council
  name text not null,
  speciality text not null
);
create table consultant_unit (
  unit text not null,
  reg_no text not null references consultant on delete cascade,
  room text,
  primary key (unit, reg_no)
);
create table fee_rule (
  unit text not null,
  reg_no text not null,
  visit_kind text not null check (visit_kind in ('first', 'review')),
  fee numeric(10,2) not null,
  remark text,
  primary key (unit, reg_no, visit_kind),
  foreign key (unit, reg_no) references consultant_unit on delete cascade
);
create table opd_slot (
  unit text not null,
  on_day date not null,
  token int not null,
  reg_no text not null,
  patient text,
  primary key (unit, on_day, token),
  foreign key (unit, reg_no) references consultant_unit on delete cascade
);

insert into consultant values ('KMC-101', 'Dr Rao', 'orthopaedics'), ('KMC-202', 'Dr Bela bravo', 'ENT');
insert into consultant_unit values ('north', 'KMC-101', 'Room 2'), ('south', 'KMC-101', 'bravo wing'), ('south', 'KMC-202', 'bravo wing');
insert into fee_rule values ('north', 'KMC-101', 'first', 600, null), ('south', 'KMC-101', 'first', 800, 'bravo rate');
insert into opd_slot values
  ('north', '2026-12-01', 1, 'KMC-101', 'Asha'),
  ('south', '2026-12-02', 1, 'KMC-101', 'Sita bravo'),
  ('south', '2026-12-02', 2, 'KMC-101', 'Gopal bravo');

create function my_unit() returns text language sql stable as $$ select nullif(current_setting('opd.unit', true), '') $$;

alter table consultant enable row level security, force row level security;
alter table consultant_unit enable row level security, force row level security;
alter table fee_rule enable row level security, force row level security;
alter table opd_slot enable row level security, force row level security;

create policy sits_here on consultant for select using (
  exists (select from consultant_unit u where u.reg_no = consultant.reg_no and u.unit = (select my_unit())));
create policy leaves on consultant for delete using (
  exists (select from consultant_unit u where u.reg_no = consultant.reg_no and u.unit = (select my_unit())));
create policy own on consultant_unit using (unit = (select my_unit()));
create policy own on fee_rule using (unit = (select my_unit()));
create policy own on opd_slot using (unit = (select my_unit()));

grant select, delete on consultant to ctl_opd;
grant select on consultant_unit to ctl_opd;
grant select, insert, update, delete on fee_rule, opd_slot to ctl_opd;
reset role;
