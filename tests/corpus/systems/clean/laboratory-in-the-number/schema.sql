create role barcodelab_owner nologin;
create role barcodelab_lab nologin;
create role barcodelab_nor login in role barcodelab_lab;
create role barcodelab_nor2 login in role barcodelab_lab;
create role barcodelab_sue login in role barcodelab_lab;
alter schema public owner to barcodelab_owner;
set role barcodelab_owner;

create domain lab_code as text check (value ~ '^[A-Z][A-Z0-9]{2,4}$');
create domain barcode as text check (value ~ '^[A-Z][A-Z0-9]{2,4}/[0-9]{4}/[0-9]{1,7}$');
create function lab_of(number text) returns text language sql immutable strict return split_part(number, '/', 1);

create table assay_kind (code text primary key, title text not null);
create table freezer_model (code text primary key);
create table lab (code lab_code primary key, name text not null);
create table lab_login (login name primary key, lab lab_code not null references lab, remark text not null);
create table storage_place (lab lab_code not null references lab, shelf text not null, model text not null references freezer_model, primary key (lab, shelf));
create table technician_shift (lab lab_code not null references lab, day date not null, full_name text not null, primary key (lab, day, full_name));
create table specimen (number barcode primary key, lab text generated always as (lab_of(number)) stored, donor text not null, consent text not null);
create table aliquot (number barcode not null references specimen on delete cascade, tube int not null, lab text generated always as (lab_of(number)) stored, place text not null, primary key (number, tube));
create table assay (number barcode not null references specimen on delete cascade, kind text not null references assay_kind, lab text generated always as (lab_of(number)) stored, remark text not null, primary key (number, kind));
create table assay_result (number barcode not null, kind text not null, lab text generated always as (lab_of(number)) stored, value text not null, primary key (number, kind),
  foreign key (number, kind) references assay on delete cascade);
create index on specimen (lab);
create index on assay (lab);

create function my_lab() returns text language sql stable security definer set search_path = pg_catalog, pg_temp
  return (select l.lab from public.lab_login l where l.login = session_user);

insert into assay_kind values ('PCR', 'Polymerase chain reaction'), ('ELISA', 'Immunoassay');
insert into freezer_model values ('F80');
insert into lab values ('NOR', 'Biobank Nord'), ('NOR2', 'Biobank Nord II bravo'), ('SUE', 'Biobank Süd bravo');
insert into lab_login values ('barcodelab_nor', 'NOR', 'desk'), ('barcodelab_nor2', 'NOR2', 'desk bravo'), ('barcodelab_sue', 'SUE', 'desk bravo');
insert into storage_place select code, 'shelf of ' || name, 'F80' from lab;
insert into technician_shift select code, '2026-01-01', 'Technician of ' || name from lab;
insert into specimen (number, donor, consent) select code || '/2026/' || n, 'Donor ' || n || ' of ' || name, 'signed, ' || name from lab, generate_series(1, 2) n;
insert into aliquot (number, tube, place) select number, 1, 'place of ' || donor from specimen;
insert into assay (number, kind, remark) select number, 'PCR', 'twice, ' || donor from specimen;
insert into assay_result (number, kind, value) select number, kind, 'positive, ' || remark from assay;

do $$
declare t text;
begin
  foreach t in array array['lab_login', 'storage_place', 'technician_shift', 'specimen', 'aliquot', 'assay', 'assay_result'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy lab on %I to barcodelab_lab using (lab = (select my_lab()))', t);
  end loop;
end $$;
alter table lab enable row level security;
create policy own on lab for select to barcodelab_lab using (code = (select my_lab()));

grant select on all tables in schema public to barcodelab_lab;
grant insert, update, delete on storage_place, technician_shift, specimen, aliquot, assay, assay_result to barcodelab_lab;
reset role;
