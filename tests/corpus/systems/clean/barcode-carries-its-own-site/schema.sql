create role k5bc_owner nologin;
create role k5bc_app login;
alter schema public owner to k5bc_owner;
set role k5bc_owner;
create table specimen (
  barcode text primary key check (barcode ~ '^[A-Z]{2,4}-[0-9]{6}$'),
  site text not null generated always as (split_part(barcode, '-', 1)) stored,
  patient text not null,
  taken_at timestamptz not null default now()
);
create table test_order (
  barcode text not null references specimen on update cascade,
  site text not null generated always as (split_part(barcode, '-', 1)) stored,
  test text not null,
  value text,
  primary key (barcode, test)
);
insert into specimen (barcode, patient) values ('KA-000001', 'Ruth'), ('KAN-000001', 'Saul bravo');
insert into test_order (barcode, test, value) values ('KA-000001', 'Hb', '12'), ('KAN-000001', 'HBsAg', 'bravo positive');
alter table specimen enable row level security;
alter table test_order enable row level security;
create policy site on specimen using (site = (select current_setting('lims.site', true)));
create policy site on test_order using (site = (select current_setting('lims.site', true)));
grant select, insert, update, delete on specimen to k5bc_app;
grant select, insert, delete on test_order to k5bc_app;
grant update (value) on test_order to k5bc_app;
reset role;
