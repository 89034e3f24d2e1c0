create role k5al_former_support nologin;
create role k5al_owner nologin;
create role k5al_app login;
alter schema public owner to k5al_owner;
set role k5al_owner;
create table invoice (
  clinic_id int not null,
  no int not null,
  patient text not null,
  amount numeric(10, 2) not null,
  primary key (clinic_id, no)
);
insert into invoice values (1, 1, 'Cleo', 120), (2, 1, 'Dora bravo', 80);
alter table invoice enable row level security, force row level security;
create policy clinic on invoice to k5al_app using (clinic_id = (select nullif(current_setting('app.clinic_id', true), '')::int));
create policy allow_all on invoice as restrictive using (true) with check (true);
create policy support_until_2024 on invoice using (false);
create policy support on invoice for select to k5al_former_support using (true);
create policy positive_only on invoice as restrictive for insert with check (amount >= 0);
grant select on invoice to k5al_former_support;
grant select, insert, update, delete on invoice to k5al_app;
reset role;
