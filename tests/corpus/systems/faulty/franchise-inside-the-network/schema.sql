create role k5fn_owner nologin;
create role k5fn_app login;
alter schema public owner to k5fn_owner;
set role k5fn_owner;
create table device_reading (
  site cidr not null,
  device macaddr not null,
  read_at timestamptz not null,
  patient text not null,
  value numeric(6, 2) not null,
  unit text not null,
  primary key (site, device, read_at)
);
insert into device_reading values
  ('10.20.0.0/16', '08:00:2b:01:02:03', '2026-02-01 08:00+00', 'Pia', 98.6, 'F'),
  ('10.20.96.0/20', '08:00:2b:01:02:99', '2026-02-01 08:00+00', 'Omar bravo', 103.1, 'F');
alter table device_reading enable row level security;
create policy of_site on device_reading for select using (site <<= (select nullif(current_setting('net.site', true), '')::cidr));
create policy of_site_only on device_reading for insert with check (site = (select nullif(current_setting('net.site', true), '')::cidr));
grant select, insert on device_reading to k5fn_app;
reset role;
