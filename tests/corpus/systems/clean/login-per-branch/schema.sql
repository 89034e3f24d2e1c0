create role lpb_owner nologin;
create role lpb_adyar login;
create role lpb_porur login;
alter schema public owner to lpb_owner;
set role lpb_owner;
create table branch_login (login name primary key, branch text not null);
create table visit (branch text not null, no int not null, patient text not null, primary key (branch, no));
insert into branch_login values ('lpb_adyar', 'adyar'), ('lpb_porur', 'porur');
insert into visit values ('adyar', 1, 'Kala'), ('porur', 1, 'Don bravo');
create function my_branch() returns text language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select branch from public.branch_login where login = session_user $$;
alter table visit enable row level security, force row level security;
create policy mine on visit using (branch = (select my_branch()));
grant select, insert, update, delete on visit to lpb_adyar, lpb_porur;
reset role;
