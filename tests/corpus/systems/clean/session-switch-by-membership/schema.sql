create role ssm_owner nologin;
create role ssm_app login;
alter schema public owner to ssm_owner;
set role ssm_owner;
create table branch_member (branch int not null, staff text not null, primary key (branch, staff));
create table login_session (token text primary key, staff text not null, branch int not null);
create table chart (branch int not null, chart_no int not null, patient text not null, teeth jsonb not null, primary key (branch, chart_no));
insert into branch_member values (3, 'meera'), (4, 'bimal bravo');
insert into login_session values ('5f6c1d8e-tok-a', 'meera', 3), ('9a0b7c2d-tok-b', 'bimal bravo', 4);
insert into chart values (3, 1, 'Asha', '{"18": "missing"}'), (4, 1, 'Bela bravo', '{"11": "crown"}');
create function active_branch() returns int language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select branch from public.login_session where token = nullif(current_setting('s.token', true), '') $$;
create function switch_branch(wanted int) returns boolean language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update public.login_session s set branch = wanted
   where s.token = nullif(current_setting('s.token', true), '')
     and exists (select from public.branch_member m where m.branch = wanted and m.staff = s.staff);
  return found;
end $$;
revoke execute on function active_branch(), switch_branch(int) from public;
grant execute on function active_branch(), switch_branch(int) to ssm_app;
alter table branch_member enable row level security, force row level security;
alter table chart enable row level security, force row level security;
create policy colleagues on branch_member for select using (branch = (select active_branch()));
create policy branch on chart using (branch = (select active_branch()));
grant select on branch_member to ssm_app;
grant select, insert, update, delete on chart to ssm_app;
reset role;
