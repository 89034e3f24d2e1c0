create role phs_owner nologin;
create role phs_app login;
alter schema public owner to phs_owner;
set role phs_owner;
create table tb_case (path text not null check (path ~ '^(/[a-z0-9]+)+/$'), no int not null, patient text not null, primary key (path, no));
insert into tb_case values ('/tn/1/', 1, 'Anbu'), ('/tn/10/', 1, 'Mary bravo');
alter table tb_case enable row level security, force row level security;
create policy zone on tb_case using (
  current_setting('zone.path', true) ~ '^(/[a-z0-9]+)+/$' and starts_with(path, current_setting('zone.path', true)));
grant select, insert, delete on tb_case to phs_app;
reset role;
