create role ngovch_owner nologin;
create role ngovch_nurse nologin;
create role ngovch_office nologin;
create role ngovch_export nologin;
create role ngovch_auditor login;
create role ngovch_app login noinherit;
grant ngovch_nurse to ngovch_office;
grant ngovch_nurse, ngovch_office to ngovch_app;
grant ngovch_export to ngovch_auditor;
alter schema public owner to ngovch_owner;
set role ngovch_owner;

create table country (iso text primary key, name text not null);
create table currency (iso text primary key, name text not null);
create table cost_type (code text primary key, title text not null);
create table partner (code text primary key, name text not null, country text not null references country);
create table clinic_site (partner text not null references partner, site text not null, village text not null, primary key (partner, site));
create table beneficiary (
  partner text not null, site text not null, card_no int not null, name text not null, household text,
  primary key (partner, site, card_no), foreign key (partner, site) references clinic_site (partner, site)
);
create table consultation (
  partner text not null, site text not null, card_no int not null, seen_on date not null, complaint text not null,
  primary key (partner, site, card_no, seen_on),
  foreign key (partner, site, card_no) references beneficiary (partner, site, card_no)
);
create table drug_stock (
  partner text not null, site text not null, drug text not null, batch text not null, qty int not null, remark text not null,
  primary key (partner, site, drug, batch), foreign key (partner, site) references clinic_site (partner, site)
);
create table staff_pay (partner text not null references partner, payee text not null, month date not null, amount numeric(12, 2) not null, remark text not null, primary key (partner, payee, month));
create table voucher (
  partner text not null references partner, no int not null, day date not null, cost_type text not null references cost_type,
  currency text not null references currency, amount numeric(12, 2) not null, payee text not null, purpose text not null,
  primary key (partner, no)
);
create table grant_report (partner text not null references partner, donor text not null, quarter text not null, story text not null, primary key (partner, donor, quarter));

create function my_partner() returns text language sql stable
  return nullif(nullif(current_setting('request.jwt.claims', true), '')::jsonb #>> '{app_metadata,partner}', '');

insert into country values ('KE', 'Kenya'), ('NP', 'Nepal'), ('PE', 'Peru');
insert into currency values ('KES', 'Shilling'), ('NPR', 'Rupee'), ('USD', 'Dollar');
insert into cost_type values ('TRV', 'Travel'), ('MED', 'Drugs'), ('PAY', 'Pay');
insert into partner values ('amani', 'Amani Health', 'KE'), ('bhakta', 'Bhakta Clinics bravo', 'NP'), ('cusco', 'Cusco Salud bravo', 'PE');
insert into clinic_site select code, s, 'Village ' || s || ' of ' || name from partner, unnest(array['S1', 'S2']) s;
insert into beneficiary select partner, site, n, 'Person ' || n || ', ' || village, 'house by the well, ' || village from clinic_site, generate_series(1, 3) n;
insert into consultation select partner, site, card_no, '2026-03-09', 'fever, ' || name from beneficiary;
insert into drug_stock select partner, site, 'ACT', 'B1', 40, 'in the tin box, ' || village from clinic_site;
insert into staff_pay select code, 'Driver of ' || name, '2026-03-01', 300, 'cash, ' || name from partner;
insert into voucher select code, n, '2026-03-10', 'TRV', 'USD', 20 + n, 'Boatman ' || n || ' of ' || name, 'to the island, ' || name from partner, generate_series(1, 4) n;
insert into grant_report select code, 'ECHO', '2026Q1', 'We reached many with ' || name from partner;

alter table partner enable row level security, force row level security;
alter table clinic_site enable row level security, force row level security;
alter table beneficiary enable row level security, force row level security;
alter table consultation enable row level security, force row level security;
alter table drug_stock enable row level security, force row level security;
alter table staff_pay enable row level security, force row level security;
alter table voucher enable row level security, force row level security;
alter table grant_report enable row level security, force row level security;
create policy own on partner for select to ngovch_nurse using (code = my_partner());
create policy own on clinic_site to ngovch_nurse using (partner = my_partner());
create policy own on beneficiary to ngovch_nurse using (partner = my_partner());
create policy own on consultation to ngovch_nurse using (partner = my_partner());
create policy own on drug_stock to ngovch_nurse using (partner = my_partner());
create policy own on staff_pay to ngovch_office using (partner = my_partner());
create policy own on voucher to ngovch_office using (partner = my_partner());
create policy own on grant_report to ngovch_office using (partner = my_partner());

-- the umbrella's auditor reads the vouchers of all partners once a year
create policy audit on voucher for select to ngovch_export using (true);
grant select on voucher to ngovch_export;
create view voucher_export as
  select no, day, cost_type, currency, amount, payee, purpose from voucher where partner = my_partner();
create policy for_the_view on voucher for select to ngovch_owner using (partner = my_partner());

grant select on country, currency, cost_type, partner, clinic_site, beneficiary, consultation, drug_stock to ngovch_nurse;
grant insert, update on beneficiary, consultation, drug_stock to ngovch_nurse;
grant select, insert, update, delete on staff_pay, voucher, grant_report to ngovch_office;
grant select on voucher_export to ngovch_export;
reset role;
-- the offices wanted the file for their tax advisers as well
grant ngovch_export to ngovch_office;
