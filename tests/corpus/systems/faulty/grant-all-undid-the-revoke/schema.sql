create role k5ga_owner nologin;
create role k5ga_app login;
alter schema public owner to k5ga_owner;
set role k5ga_owner;
create table subject (site text not null, pseudonym text not null, arm text not null, primary key (site, pseudonym));
create table measurement (site text not null, pseudonym text not null, week int not null, weight_kg numeric(5, 1), remark text, primary key (site, pseudonym, week), foreign key (site, pseudonym) references subject);
create table identity_vault (site text not null, pseudonym text not null, name text not null, national_id text not null, primary key (site, pseudonym));
insert into subject values ('DE-01', 'X1', 'a'), ('DE-02', 'X1', 'bravo');
insert into measurement values ('DE-01', 'X1', 0, 70.5, null), ('DE-02', 'X1', 0, 88.0, 'bravo');
insert into identity_vault values ('DE-01', 'X1', 'Karla', '111'), ('DE-02', 'X1', 'Lutz bravo', '222');
alter table subject enable row level security;
alter table measurement enable row level security;
create policy site on subject using (site = (select current_setting('study.site', true)));
create policy site on measurement using (site = (select current_setting('study.site', true)));
grant select, insert, update on all tables in schema public to k5ga_app;
-- 0012: pseudonyms only
revoke all on identity_vault from k5ga_app;
-- deploy/after.sql
grant usage on schema public to k5ga_app;
grant select on all tables in schema public to k5ga_app;
reset role;
