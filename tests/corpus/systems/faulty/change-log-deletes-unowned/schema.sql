create role cld_owner nologin;
create role cld_app login;
alter schema public owner to cld_owner;
set role cld_owner;
create table resident (home_id int not null, no int not null, name text not null, room text, primary key (home_id, no));
create table medication (home_id int not null, resident_no int not null, drug text not null, dose text not null, primary key (home_id, resident_no, drug));
create table change_log (at timestamptz not null default clock_timestamp(), tab text not null, old_row jsonb, new_row jsonb);
create function log_change() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into public.change_log (tab, old_row, new_row)
  values (tg_table_name, case when tg_op <> 'INSERT' then to_jsonb(old) end, case when tg_op <> 'DELETE' then to_jsonb(new) end);
  return null;
end $$;
create trigger log after insert or update or delete on resident for each row execute function log_change();
create trigger log after insert or update or delete on medication for each row execute function log_change();
insert into resident values (61, 1, 'Asha', '1'), (62, 1, 'Bela bravo', '2'), (62, 2, 'Banu bravo', '3');
insert into medication values (61, 1, 'Aspirin', '75 mg'), (62, 1, 'Insulin', '8 IU bravo');
delete from resident where home_id = 62 and no = 2;
alter table resident enable row level security, force row level security;
alter table medication enable row level security, force row level security;
alter table change_log enable row level security;
create policy home on resident using (home_id = (select nullif(current_setting('home.id', true), '')::int));
create policy home on medication using (home_id = (select nullif(current_setting('home.id', true), '')::int));
create policy home on change_log for select
  using (coalesce(new_row ->> 'home_id', current_setting('home.id', true)) = current_setting('home.id', true));
grant select, insert, update, delete on resident, medication to cld_app;
grant select on change_log to cld_app;
reset role;
