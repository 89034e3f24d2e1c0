create role "Ward Head" nologin;
create role "Ward Desk" login;
create schema "Hospital 2" authorization "Ward Head";
grant usage on schema "Hospital 2" to "Ward Desk";
set role "Ward Head";
create table "Hospital 2"."order" ("Ward Code" text not null, "No" int not null, "user" text not null, "select" text, primary key ("Ward Code", "No"));
create table "Hospital 2"."Order Line" ("Ward Code" text not null, "No" int not null, "Line" int not null, "Note; really" text,
  primary key ("Ward Code", "No", "Line"), foreign key ("Ward Code", "No") references "Hospital 2"."order" on delete cascade);
insert into "Hospital 2"."order" values ('W1', 1, 'Pavi', 'x'), ('W2', 1, 'Otto bravo', 'bravo');
insert into "Hospital 2"."Order Line" values ('W1', 1, 1, 'calm'), ('W2', 1, 1, 'bravo');
alter table "Hospital 2"."order" enable row level security, force row level security;
alter table "Hospital 2"."Order Line" enable row level security, force row level security;
create policy "Own Ward" on "Hospital 2"."order" using ("Ward Code" = (select nullif(current_setting('Ward.Code', true), '')));
create policy "Own Ward" on "Hospital 2"."Order Line" using ("Ward Code" = (select nullif(current_setting('Ward.Code', true), '')));
grant select, insert, update, delete on all tables in schema "Hospital 2" to "Ward Desk";
reset role;
