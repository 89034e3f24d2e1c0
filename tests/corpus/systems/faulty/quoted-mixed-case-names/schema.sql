create role "Ward Owner" nologin;
create role "Ward App" login;
create schema "Hospital" authorization "Ward Owner";
grant usage on schema "Hospital" to "Ward App";
set role "Ward Owner";
create table "Hospital"."Patient" ("WardCode" text not null, "No" int not null, "Full Name" text not null, primary key ("WardCode", "No"));
create table "Hospital"."Nursing Chart" ("WardCode" text not null, "No" int not null, "Line" int not null, "Note" text, primary key ("WardCode", "No", "Line"),
  foreign key ("WardCode", "No") references "Hospital"."Patient");
insert into "Hospital"."Patient" values ('W1', 1, 'Pavi'), ('W2', 1, 'Otto bravo');
insert into "Hospital"."Nursing Chart" values ('W1', 1, 1, 'calm'), ('W2', 1, 1, 'bravo restrained');
alter table "Hospital"."Patient" enable row level security, force row level security;
create policy "Own Ward" on "Hospital"."Patient" using ("WardCode" = (select nullif(current_setting('Ward.Code', true), '')));
create policy "Own Ward" on "Hospital"."Nursing Chart" using ("WardCode" = (select nullif(current_setting('Ward.Code', true), '')));
grant select, insert on "Hospital"."Patient", "Hospital"."Nursing Chart" to "Ward App";
reset role;
