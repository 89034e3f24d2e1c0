create role vax_owner nologin;
create role vax_app login;
alter schema public owner to vax_owner;
set role vax_owner;
create table vaccine (code text primary key, maker text not null);
create table dose (site char(5) not null, dose_no int not null, child text not null, vaccine text not null references vaccine, given_on date not null default current_date,
  batch text, primary key (site, dose_no));
insert into vaccine values ('BCG', 'SII'), ('OPV', 'BBIL');
insert into dose values ('TN-01', 1, 'Aarav', 'BCG', '2026-05-01', 'b1'), ('TN-02', 1, 'Zoya bravo', 'OPV', '2026-05-01', 'b2');
alter table dose enable row level security, force row level security;
create policy rd on dose for select using (site = current_setting('vax.site', true));
create policy wr on dose for insert with check (true);
create policy up on dose for update using (site = current_setting('vax.site', true));
grant select, insert on dose to vax_app;
grant select on vaccine to vax_app;
reset role;
