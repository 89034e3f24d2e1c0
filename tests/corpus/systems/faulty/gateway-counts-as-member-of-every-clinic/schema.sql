create role gcm_owner nologin;
create role gcm_c_pune nologin;
create role gcm_c_nashik nologin;
create role gcm_gateway login noinherit;
grant gcm_c_pune, gcm_c_nashik to gcm_gateway;
alter schema public owner to gcm_owner;
set role gcm_owner;

-- rugnalaya: clinic, rugna: patient, bhet: visit, aushadh_chitthi: prescription
create table rugna (rugnalaya text not null, kramank int not null, naav text not null, janma date, primary key (rugnalaya, kramank));
create table bhet (
  rugnalaya text not null, kramank int not null, dinank date not null, lakshan text,
  primary key (rugnalaya, kramank, dinank),
  foreign key (rugnalaya, kramank) references rugna
);
create table aushadh_chitthi (
  rugnalaya text not null, kramank int not null, dinank date not null, ol smallint not null, aushadh text not null,
  primary key (rugnalaya, kramank, dinank, ol),
  foreign key (rugnalaya, kramank, dinank) references bhet
);
insert into rugna values ('pune', 1, 'Aarti', '1980-02-01'), ('nashik', 1, 'Bhau bravo', '1975-07-09');
insert into bhet values ('pune', 1, '2026-10-01', 'taap'), ('nashik', 1, '2026-10-02', 'bravo khokla');
insert into aushadh_chitthi values ('pune', 1, '2026-10-01', 1, 'paracetamol'), ('nashik', 1, '2026-10-02', 1, 'bravo ATT');

create function in_clinic(code text) returns boolean language sql stable as
  $$ select exists (select from pg_catalog.pg_roles r
       where r.rolname = 'gcm_c_' || code and pg_catalog.pg_has_role(current_user, r.oid, 'member')) $$;

alter table rugna enable row level security, force row level security;
alter table bhet enable row level security, force row level security;
alter table aushadh_chitthi enable row level security, force row level security;
create policy role_of_clinic on rugna using (in_clinic(rugnalaya));
create policy role_of_clinic on bhet using (in_clinic(rugnalaya));
create policy role_of_clinic on aushadh_chitthi using (in_clinic(rugnalaya));

grant select, insert, update on rugna, bhet, aushadh_chitthi to gcm_c_pune, gcm_c_nashik;
-- the gateway's own health check: select from rugna limit 0
grant select on all tables in schema public to gcm_gateway;
reset role;
