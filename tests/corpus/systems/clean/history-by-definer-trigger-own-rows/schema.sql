create role k5hi_owner nologin;
create role k5hi_app login;
alter schema public owner to k5hi_owner;
set role k5hi_owner;
create table patient (clinic_id int not null, no int not null, name text not null, changed_at timestamptz not null default now(), primary key (clinic_id, no));
create table patient_history (clinic_id int not null, no int not null, name text not null, changed_at timestamptz not null, gone_at timestamptz not null default clock_timestamp());
insert into patient values (1, 1, 'Mia', '2026-01-01'), (2, 1, 'Ned bravo', '2026-01-01');
insert into patient_history values (1, 1, 'Mya', '2025-01-01', '2026-01-01'), (2, 1, 'Nedd bravo', '2025-01-01', '2026-01-01');
create function keep_version() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into public.patient_history values (old.clinic_id, old.no, old.name, old.changed_at);
  return null;
end $$;
revoke execute on function keep_version() from public;
create trigger keep_version after update or delete on patient for each row execute function keep_version();
alter table patient enable row level security;
alter table patient_history enable row level security;
create policy clinic on patient using (clinic_id = (select nullif(current_setting('app.clinic', true), '')::int));
create policy clinic on patient_history for select using (clinic_id = (select nullif(current_setting('app.clinic', true), '')::int));
grant select, insert, update, delete on patient to k5hi_app;
grant select on patient_history to k5hi_app;
reset role;
