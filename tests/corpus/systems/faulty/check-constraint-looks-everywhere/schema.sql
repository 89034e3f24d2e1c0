create role cce_owner nologin;
create role cce_app login;
alter schema public owner to cce_owner;
set role cce_owner;
create table insured (desk text not null, policy_no text not null, holder text not null, primary key (desk, policy_no));
insert into insured values ('d-a', 'P100', 'Asha'), ('d-b', 'P200', 'Bela bravo');
create function policy_is_known(p_no text) returns boolean language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select exists (select from public.insured where policy_no = p_no) $$;
revoke execute on function policy_is_known(text) from public;
grant execute on function policy_is_known(text) to cce_app;
create table preauth (desk text not null, no int not null, policy_no text not null, amount numeric(10,2), remark text, primary key (desk, no),
  constraint preauth_policy_known check (policy_is_known(policy_no)));
insert into preauth values ('d-a', 1, 'P100', 5000, null), ('d-b', 1, 'P200', 9000, 'bravo');
alter table insured enable row level security;
alter table preauth enable row level security, force row level security;
create policy desk on insured using (desk = (select nullif(current_setting('desk.id', true), '')));
create policy desk on preauth using (desk = (select nullif(current_setting('desk.id', true), '')));
grant select on insured to cce_app;
grant select, insert on preauth to cce_app;
reset role;
