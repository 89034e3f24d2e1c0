create role k5pc_owner nologin;
create role k5pc_app login;
alter schema public owner to k5pc_owner;
set role k5pc_owner;
create table observation (
  hospital text not null,
  at timestamptz not null,
  no int not null,
  patient text not null,
  pulse int,
  primary key (hospital, at, no)
) partition by range (at);
create table observation_2026_01 partition of observation for values from ('2026-01-01') to ('2026-02-01');
create table observation_2026_02 partition of observation for values from ('2026-02-01') to ('2026-03-01');
create table observation_rest partition of observation default;
insert into observation values ('H1', '2026-01-05', 1, 'Ada', 70), ('H1', '2026-02-05', 1, 'Ada', 71), ('H2', '2026-01-05', 1, 'Bo bravo', 90), ('H2', '2027-01-05', 1, 'Bo bravo', 91);
alter table observation enable row level security;
alter table observation_2026_01 enable row level security;
alter table observation_2026_02 enable row level security;
alter table observation_rest enable row level security;
create policy hospital on observation using (hospital = (select current_setting('obs.hospital', true)));
grant select, insert, update, delete on all tables in schema public to k5pc_app;
reset role;
