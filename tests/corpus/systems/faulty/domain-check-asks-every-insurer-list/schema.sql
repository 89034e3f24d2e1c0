create role k5dc_owner nologin;
create role k5dc_app login;
alter schema public owner to k5dc_owner;
set role k5dc_owner;
create table policy_holder (clinic_id int not null, number text not null, name text not null, primary key (clinic_id, number));
insert into policy_holder values (1, 'POL-11', 'Zara'), (2, 'POL-77', 'Yusuf bravo');
create function policy_exists(number text) returns boolean language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select exists (select from public.policy_holder h where h.number = policy_exists.number) $$;
revoke execute on function policy_exists(text) from public;
grant execute on function policy_exists(text) to k5dc_app;
create domain policy_no as text check (policy_exists(value));
create table bill (clinic_id int not null, no int not null, policy policy_no not null, amount numeric(10, 2) not null, remark text, primary key (clinic_id, no));
insert into bill values (1, 1, 'POL-11', 100, null), (2, 1, 'POL-77', 900, 'bravo');
alter table policy_holder enable row level security;
alter table bill enable row level security;
create policy clinic on policy_holder using (clinic_id = (select nullif(current_setting('bill.clinic', true), '')::int));
create policy clinic on bill using (clinic_id = (select nullif(current_setting('bill.clinic', true), '')::int));
grant select, insert on policy_holder, bill to k5dc_app;
reset role;
