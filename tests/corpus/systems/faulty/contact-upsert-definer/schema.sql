create role cud_owner nologin;
create role cud_app login;
alter schema public owner to cud_owner;
set role cud_owner;
create table contact (clinic_id int not null, phone text not null unique, name text not null, remarks text not null default '', primary key (clinic_id, phone));
insert into contact values (31, '98100', 'Asha', ''), (32, '98200', 'Bela bravo', 'bravo: do not call at home');
create function save_contact(p_phone text, p_remark text) returns contact language sql security definer set search_path = pg_catalog, pg_temp as $$
  insert into public.contact as c (clinic_id, phone, name, remarks)
  values (nullif(current_setting('cc.clinic', true), '')::int, p_phone, 'unknown', p_remark)
  on conflict (phone) do update set remarks = c.remarks || ' ' || excluded.remarks
  returning c.*
$$;
revoke execute on function save_contact(text, text) from public;
grant execute on function save_contact(text, text) to cud_app;
alter table contact enable row level security;
create policy clinic on contact using (clinic_id = (select nullif(current_setting('cc.clinic', true), '')::int));
grant select on contact to cud_app;
reset role;
