create role kocov_owner nologin;
create role kocov_app login;
alter schema public owner to kocov_owner;
set role kocov_owner;
create table cover (home text not null, by_home text not null, period tstzrange not null, primary key (home, by_home, period));
create table delivery (home text not null, no int not null, mother text not null, remark text, primary key (home, no));
insert into cover values ('m-thrissur', 'm-aluva', '[2190-01-01,2190-01-08)'), ('m-thrissur', 'm-aluva', '[2020-01-01,2020-01-08)');
insert into delivery values ('m-aluva', 1, 'Asha', 'normal'), ('m-thrissur', 1, 'Beena bravo', 'bravo breech');
alter table delivery enable row level security, force row level security;
create policy own on delivery using (home = (select nullif(current_setting('kocov.home', true), '')));
create policy covered on delivery for select using (exists (
  select from cover c where c.home = delivery.home and c.by_home = (select nullif(current_setting('kocov.home', true), ''))
     and not c.period << tstzrange(now(), now(), '[]')));
grant select on cover to kocov_app;
grant select, insert, update on delivery to kocov_app;
reset role;
