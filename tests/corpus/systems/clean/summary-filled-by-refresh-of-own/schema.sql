create role strf_owner nologin;
create role strf_app login;
alter schema public owner to strf_owner;
set role strf_owner;
create table reading (clinic_id uuid not null, no int not null, patient text not null, hba1c numeric not null, primary key (clinic_id, no));
create table summary (clinic_id uuid not null, measure text not null, value numeric, remark text, primary key (clinic_id, measure));
insert into reading values ('1c000000-0000-4000-8000-000000000001', 1, 'Anil', 6.1), ('1c000000-0000-4000-8000-000000000002', 1, 'Bala bravo', 11.4), ('1c000000-0000-4000-8000-000000000002', 2, 'Bina bravo', 9.9);
insert into summary values ('1c000000-0000-4000-8000-000000000001', 'highest', 6.1, 'night run'), ('1c000000-0000-4000-8000-000000000002', 'highest', 11.4, 'bravo night run');
create function refresh_summary() returns numeric language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare clinic uuid := nullif(current_setting('strf.clinic', true), '')::uuid; top numeric;
begin
  if clinic is null then return null; end if;
  select max(r.hba1c) into top from public.reading r where r.clinic_id = clinic;
  insert into public.summary (clinic_id, measure, value) values (clinic, 'highest', top)
    on conflict (clinic_id, measure) do update set value = excluded.value;
  return top;
end $$;
alter table reading enable row level security;
alter table summary enable row level security;
create policy clinic on reading using (clinic_id = (select nullif(current_setting('strf.clinic', true), '')::uuid));
create policy clinic on summary for select using (clinic_id = (select nullif(current_setting('strf.clinic', true), '')::uuid));
revoke execute on function refresh_summary from public;
grant execute on function refresh_summary to strf_app;
grant select, insert, update, delete on reading to strf_app;
grant select on summary to strf_app;
reset role;
