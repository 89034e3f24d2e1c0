create role chn_owner nologin;
create role chn_app login;
create schema lis authorization chn_owner;
grant usage on schema lis to chn_app;
set role chn_owner;
create domain lis.lab_code as text check (value ~ '^LAB-[A-Z]$');
create domain lis.barcode as text check (value ~ '^[A-Z0-9-]{4,20}$');
create type lis.specimen_state as enum ('drawn', 'received', 'rejected');
create table lis.test_catalogue (code text primary key, low numeric, high numeric);
create table lis.patient (lab lis.lab_code not null, no int not null, name text not null, born date not null check (born > '1900-01-01'), primary key (lab, no));
create table lis.request (lab lis.lab_code not null, no int not null, patient_no int not null, doctor text not null, primary key (lab, no), foreign key (lab, patient_no) references lis.patient);
create table lis.specimen (lab lis.lab_code not null, code lis.barcode not null, request_no int not null, state lis.specimen_state not null default 'drawn', primary key (lab, code), foreign key (lab, request_no) references lis.request);
create table lis.result (lab lis.lab_code not null, specimen lis.barcode not null, test text not null references lis.test_catalogue, value numeric not null, flag text generated always as (case when value > 100 then 'high' else '' end) stored,
  verified_by text not null, comment text, primary key (lab, specimen, test), foreign key (lab, specimen) references lis.specimen);
create function lis.plausible() returns trigger language plpgsql as $$
begin
  if new.value < 0 then raise exception 'a result is not negative'; end if;
  new.comment := coalesce(new.comment, 'none');
  return new;
end $$;
create trigger plausible before insert or update on lis.result for each row execute function lis.plausible();
insert into lis.test_catalogue values ('GLU', 70, 100), ('CRP', 0, 5);
insert into lis.patient values ('LAB-A', 1, 'Sarala', '1980-02-02'), ('LAB-B', 1, 'Bruno bravo', '1981-02-02');
insert into lis.request values ('LAB-A', 1, 1, 'dr a'), ('LAB-B', 1, 1, 'dr bravo');
insert into lis.specimen values ('LAB-A', 'SPEC-1', 1, 'received'), ('LAB-B', 'BRAVO-1', 1, 'received');
insert into lis.result (lab, specimen, test, value, verified_by, comment) values ('LAB-A', 'SPEC-1', 'GLU', 90, 'meena', 'ok'), ('LAB-B', 'BRAVO-1', 'GLU', 300, 'bruno', 'bravo');
do $$
declare t text;
begin
  foreach t in array array['patient', 'request', 'specimen'] loop
    execute format('alter table lis.%I enable row level security', t);
    execute format('create policy lab on lis.%I using (lab = (select current_setting(%L, true)))', t, 'lis.lab');
  end loop;
end $$;
alter table lis.result enable row level security;
create policy see on lis.result for select using (lab = (select current_setting('lis.lab', true)));
create policy enter on lis.result for insert with check (verified_by = (select current_setting('lis.user', true)));
grant select, insert on lis.patient, lis.request, lis.specimen, lis.result to chn_app;
grant select on lis.test_catalogue to chn_app;
reset role;
