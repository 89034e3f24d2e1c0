create role k5sa_owner nologin;
create role k5sa_app login;
alter schema public owner to k5sa_owner;
set role k5sa_owner;
create table vital (
  clinic_id int not null,
  patient_no int not null,
  taken_at timestamptz not null,
  kind text not null,
  value numeric not null,
  remark text,
  primary key (clinic_id, patient_no, taken_at, kind)
);
insert into vital values (1, 1, '2026-01-01', 'pulse', 60, null), (2, 1, '2026-01-01', 'pulse', 99, 'bravo');
create function stamp_clinic() returns trigger language plpgsql as $$
begin
  new.clinic_id := nullif(pg_catalog.current_setting('app.clinic_id', true), '')::int;
  if new.clinic_id is null then
    raise exception 'no clinic in this session';
  end if;
  return new;
end $$;
create trigger stamp_clinic before insert or update on vital for each row execute function stamp_clinic();
alter table vital enable row level security;
create policy seen on vital for select using (clinic_id = (select nullif(current_setting('app.clinic_id', true), '')::int));
create policy added on vital for insert with check (true);
create policy changed on vital for update using (clinic_id = (select nullif(current_setting('app.clinic_id', true), '')::int)) with check (true);
create policy removed on vital for delete using (clinic_id = (select nullif(current_setting('app.clinic_id', true), '')::int));
grant select, insert, update, delete on vital to k5sa_app;
reset role;
