create role sdt_owner nologin;
create role sdt_app login;
alter schema public owner to sdt_owner;
set role sdt_owner;
create table visit (clinic int not null, no int not null, patient text not null, on_day date not null default date '2026-01-01', primary key (clinic, no));
create table daily (clinic int not null, on_day date not null, visits int not null, remark text, primary key (clinic, on_day));
create function count_visit() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into public.daily as d values (new.clinic, new.on_day, 1) on conflict (clinic, on_day) do update set visits = d.visits + 1;
  return null;
end $$;
revoke execute on function count_visit from public;
create trigger count_visit after insert on visit for each row execute function count_visit();
insert into visit values (1, 1, 'Amala'), (2, 1, 'Bix bravo');
update daily set remark = 'bravo' where clinic = 2;
alter table visit enable row level security;
alter table daily enable row level security;
create policy clinic on visit using (clinic = (select nullif(current_setting('d.clinic', true), '')::int));
create policy clinic on daily for select using (clinic = (select nullif(current_setting('d.clinic', true), '')::int));
grant select, insert, delete on visit to sdt_app;
grant select on daily to sdt_app;
reset role;
