create role alw_owner nologin;
create role alw_app login;
alter schema public owner to alw_owner;
set role alw_owner;
create table visit (branch_id int not null, no int not null, patient text not null, state text not null, primary key (branch_id, no));
create table visit_closed (like visit including all);
insert into visit values (101, 1, 'Asha', 'open'), (201, 1, 'Bela bravo', 'open');
insert into visit_closed values (101, 2, 'Anu', 'closed'), (201, 2, 'Banu bravo', 'closed');
create function close_visit() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into public.visit_closed values (old.branch_id, old.no, old.patient, 'closed') on conflict (branch_id, no) do nothing;
  return old;
end $$;
create trigger close_visit before delete on visit for each row execute function close_visit();
alter table visit enable row level security, force row level security;
alter table visit_closed enable row level security;
create policy branches on visit using (branch_id = any (nullif(current_setting('app.branches', true), '')::int[]));
create policy branches on visit_closed for select using (branch_id = any (nullif(current_setting('app.branches', true), '')::int[]));
create view v_visit with (security_invoker = true) as select * from visit union all select * from visit_closed;
grant select, insert, update, delete on visit to alw_app;
grant select on visit_closed, v_visit to alw_app;
reset role;
