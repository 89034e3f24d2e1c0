create role lcp_owner nologin;
create role lcp_app login;
create schema lis authorization lcp_owner;
grant usage on schema lis to lcp_app;
set role lcp_owner;
create domain lis.lab_code as text check (value ~ '^LAB-[A-Z]$');
create domain lis.barcode as text check (value ~ '^[A-Z0-9-]{4,20}$');
create type lis.specimen_state as enum ('drawn', 'received', 'rejected');
create table lis.test_catalogue (code text primary key, low numeric, high numeric);
create table lis.patient (lab lis.lab_code not null, no int not null, name text not null, born date not null check (born > '1900-01-01'), primary key (lab, no));
create table lis.request (lab lis.lab_code not null, no int not null, patient_no int not null, doctor text not null, primary key (lab, no), foreign key (lab, patient_no) references lis.patient on delete cascade);
create table lis.specimen (lab lis.lab_code not null, code lis.barcode not null, request_no int not null, state lis.specimen_state not null default 'drawn', primary key (lab, code), foreign key (lab, request_no) references lis.request on delete cascade);
create table lis.result (lab lis.lab_code not null, specimen lis.barcode not null, test text not null references lis.test_catalogue, value numeric not null, flag text generated always as (case when value > 100 then 'high' else '' end) stored,
  verified_by text not null, comment text, primary key (lab, specimen, test), foreign key (lab, specimen) references lis.specimen on delete cascade);
create function lis.plausible() returns trigger language plpgsql as $$
begin
  if new.value < 0 then raise exception 'a result is not negative'; end if;
  if new.verified_by is distinct from current_setting('lis.user', true) then raise exception 'somebody else verified this'; end if;
  return new;
end $$;
insert into lis.test_catalogue values ('GLU', 70, 100), ('CRP', 0, 5);
insert into lis.patient values ('LAB-A', 1, 'Sarala', '1980-02-02'), ('LAB-B', 1, 'Bruno bravo', '1981-02-02');
insert into lis.request values ('LAB-A', 1, 1, 'dr a'), ('LAB-B', 1, 1, 'dr bravo');
insert into lis.specimen values ('LAB-A', 'SPEC-1', 1, 'received'), ('LAB-B', 'BRAVO-1', 1, 'received');
insert into lis.result (lab, specimen, test, value, verified_by, comment) values ('LAB-A', 'SPEC-1', 'GLU', 90, 'meena', 'ok'), ('LAB-B', 'BRAVO-1', 'GLU', 300, 'bruno', 'bravo');
create trigger plausible before insert or update on lis.result for each row execute function lis.plausible();
do $$
declare t text;
begin
  foreach t in array array['patient', 'request', 'specimen', 'result'] loop
    execute format('alter table lis.%I enable row level security, force row level security', t);
    execute format('create policy lab on lis.%I using (lab = (select current_setting(%L, true)))', t, 'lis.lab');
    execute format('grant select, insert, update, delete on lis.%I to lcp_app', t);
  end loop;
end $$;
grant select on lis.test_catalogue to lcp_app;
reset role;
