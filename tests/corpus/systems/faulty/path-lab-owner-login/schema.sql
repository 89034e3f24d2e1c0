create role pathlab login;
alter schema public owner to pathlab;
set role pathlab;
create table analyte (loinc text primary key, name text not null, unit text);
create table sample (
  site_code varchar(8) not null, barcode varchar(20) not null, patient_name varchar(120) not null, drawn timestamptz not null,
  tube varchar(10) not null check (tube in ('edta', 'serum', 'citrate')), primary key (site_code, barcode));
create table result (
  site_code varchar(8) not null, barcode varchar(20) not null, loinc text not null references analyte,
  value numeric, comment text, verified_by text,
  primary key (site_code, barcode, loinc), foreign key (site_code, barcode) references sample);
insert into analyte values ('718-7', 'Haemoglobin', 'g/dL'), ('4548-4', 'HbA1c', '%');
insert into sample values ('BLR', 'B-1', 'Asha Rao', '2026-02-01 08:00Z', 'edta'), ('HYD', 'H-1', 'Imran bravo', '2026-02-01 09:00Z', 'edta');
insert into result values ('BLR', 'B-1', '718-7', 12.9, 'fine', 'dr m'), ('HYD', 'H-1', '4548-4', 9.8, 'bravo uncontrolled', 'dr s');
alter table sample enable row level security;
alter table result enable row level security;
create policy site on sample using (site_code = current_setting('lab.site'));
create policy site on result using (site_code = current_setting('lab.site'));
reset role;
