create role statx_owner nologin;
create role statx_app login;
alter schema public owner to statx_owner;
set role statx_owner;
create table crossmatch (bank_id uuid not null, no int not null, to_bank uuid, urgency text not null default 'routine', patient text not null, blood_group text not null, primary key (bank_id, no));
create table blood_stock (bank_id uuid not null, bag text not null, blood_group text not null, primary key (bank_id, bag));
insert into crossmatch values
  ('7d1f0000-0000-4000-8000-00000000000a', 1, null, 'routine', 'Asha', 'O+'),
  ('7d1f0000-0000-4000-8000-00000000000b', 1, null, 'routine', 'Bala bravo', 'A+'),
  ('7d1f0000-0000-4000-8000-00000000000b', 2, null, 'stat', 'Bina bravo', 'AB-');
insert into blood_stock values ('7d1f0000-0000-4000-8000-00000000000a', 'bag 1', 'O+'), ('7d1f0000-0000-4000-8000-00000000000b', 'bag 1 bravo', 'A+');
alter table crossmatch enable row level security, force row level security;
alter table blood_stock enable row level security, force row level security;
create policy own on crossmatch using (bank_id = (select nullif(current_setting('statx.bank', true), '')::uuid));
create policy own on blood_stock using (bank_id = (select nullif(current_setting('statx.bank', true), '')::uuid));
create policy urgent on crossmatch for select to statx_app using (urgency = 'stat');
grant select, insert, update, delete on crossmatch, blood_stock to statx_app;
reset role;
