create role tpc_owner nologin;
create role tpc_app login;
do $$ begin execute format('revoke temporary on database %I from public', current_database()); end $$;
alter schema public owner to tpc_owner;
set role tpc_owner;
create table membership (branch_id int not null, usr text not null, primary key (branch_id, usr));
create table shift (branch_id int not null, no int not null, nurse text not null, primary key (branch_id, no));
insert into membership values (1, 'u1'), (2, 'u2');
insert into shift values (1, 1, 'Sheela'), (2, 1, 'Daisy bravo');
create function my_branches() returns int[] language sql stable security definer set search_path = public, pg_temp as
$$ select coalesce(array_agg(m.branch_id), '{}') from membership m where m.usr = nullif(current_setting('app.user', true), '') $$;
alter table shift enable row level security, force row level security;
create policy mine on shift using (branch_id = any ((select my_branches())::int[]));
grant select, insert, update, delete on shift to tpc_app;
reset role;
