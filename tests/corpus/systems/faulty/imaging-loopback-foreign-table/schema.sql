create extension if not exists postgres_fdw;
create role img_owner nologin;
create role img_app login;
create role img_reader login bypassrls password 'a-password-for-planted-data';
alter schema public owner to img_owner;
set role img_owner;
create table scan (site int not null, no int not null, patient text not null, finding text, primary key (site, no));
insert into scan values (1, 1, 'Akash', 'clear'), (2, 1, 'Ruby bravo', 'bravo mass');
alter table scan enable row level security, force row level security;
create policy site on scan using (site = (select nullif(current_setting('img.site', true), '')::int));
grant select on scan to img_app, img_reader;
reset role;
do $$ begin
  execute format('create server archive foreign data wrapper postgres_fdw options (host %L, port %L, dbname %L)',
    host(inet_server_addr()), inet_server_port(), current_database());
end $$;
create user mapping for img_app server archive options (user 'img_reader', password 'a-password-for-planted-data');
create foreign table old_scan (site int, no int, patient text, finding text) server archive options (table_name 'scan');
grant select on old_scan to img_app;
