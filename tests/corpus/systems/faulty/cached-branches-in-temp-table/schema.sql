create role tmp_owner nologin;
create role tmp_app login;
alter schema public owner to tmp_owner;
set role tmp_owner;
create table membership (branch_id int not null, usr text not null, primary key (branch_id, usr));
create table bed (branch_id int not null, no int not null, patient text, primary key (branch_id, no));
insert into membership values (1, 'u1'), (2, 'u2');
insert into bed values (1, 1, 'Nithya'), (2, 1, 'Tom bravo');
create function members_of(u text) returns setof int language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select branch_id from public.membership where usr = u and u = current_setting('t.user', true) $$;
create function allowed_branches() returns int[] language plpgsql volatile as $$
begin
  if to_regclass('pg_temp.branch_cache') is null then
    create temp table branch_cache as select members_of(current_setting('t.user', true)) as branch_id;
  end if;
  return array(select branch_id from pg_temp.branch_cache);
end $$;
alter table bed enable row level security, force row level security;
create policy mine on bed using (branch_id = any ((select allowed_branches())::int[]));
grant select, insert on bed to tmp_app;
reset role;
