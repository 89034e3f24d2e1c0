create role chsr_owner nologin;
create role chsr_app login;
alter schema public owner to chsr_owner;
set role chsr_owner;
create table chart (clinic_id int not null, id uuid not null default gen_random_uuid(), child text not null, plan text, primary key (clinic_id, id));
insert into chart values (31, '11111111-0000-4000-8000-000000000001', 'Adhira', 'weigh'), (32, '22222222-0000-4000-8000-000000000002', 'Bunny bravo', 'bravo refer');
create function open_chart(chart uuid) returns table (child text, plan text) language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  return query select c.child, c.plan from public.chart c
    where c.id = open_chart.chart and c.clinic_id = nullif(current_setting('chsr.clinic', true), '')::int;
  if not found then raise exception 'no such chart'; end if;
end $$;
alter table chart enable row level security;
create policy clinic on chart using (clinic_id = (select nullif(current_setting('chsr.clinic', true), '')::int));
grant select, insert, update on chart to chsr_app;
reset role;
