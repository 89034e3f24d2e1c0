create role labc_owner nologin;
create role labc_view login;
create role labc_machine login;
alter schema public owner to labc_owner;
set role labc_owner;
create table analyte (loinc text primary key, name text not null);
create table result (site_code varchar(8) not null, barcode varchar(20) not null, loinc text not null references analyte, value numeric, comment text,
  primary key (site_code, barcode, loinc));
insert into analyte values ('718-7', 'Haemoglobin');
insert into result values ('BLR', 'B-1', '718-7', 12, 'ok'), ('HYD', 'H-1', '718-7', 7, 'bravo anaemia');
alter table result enable row level security, force row level security;
create policy read_site on result for select to labc_view using (site_code = current_setting('lab.site', true));
create policy write_nothing on result for insert to labc_view;
create policy machine on result to labc_machine using (site_code = current_setting('lab.site')) with check (site_code = current_setting('lab.site'));
grant select, insert on result to labc_view, labc_machine;
grant select on analyte to labc_view, labc_machine;
reset role;
