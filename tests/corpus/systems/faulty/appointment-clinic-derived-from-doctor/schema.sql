create role k5ad_owner nologin;
create role k5ad_app login;
alter schema public owner to k5ad_owner;
set role k5ad_owner;
create table doctor (clinic_id int not null, reg_no text not null, name text not null, primary key (clinic_id, reg_no));
create table appointment (
  clinic_id int not null,
  doctor_reg text not null,
  starts_at timestamptz not null,
  patient text not null,
  primary key (clinic_id, doctor_reg, starts_at)
);
insert into doctor values (1, 'KMC-100', 'Dr Pai'), (2, 'TNMC-200', 'Dr Raman bravo');
insert into appointment values (1, 'KMC-100', '2026-05-01 10:00+00', 'Nita'), (2, 'TNMC-200', '2026-05-01 10:00+00', 'Babu bravo');
create function take_clinic_of_doctor() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  select d.clinic_id into new.clinic_id from public.doctor d where d.reg_no = new.doctor_reg;
  return new;
end $$;
create trigger take_clinic before insert on appointment for each row execute function take_clinic_of_doctor();
alter table doctor enable row level security;
alter table appointment enable row level security;
create policy clinic on doctor for select using (clinic_id = (select nullif(current_setting('book.clinic', true), '')::int));
create policy seen on appointment for select using (clinic_id = (select nullif(current_setting('book.clinic', true), '')::int));
create policy stamped_by_trigger on appointment for insert with check (true);
create policy cancelled on appointment for delete using (clinic_id = (select nullif(current_setting('book.clinic', true), '')::int));
grant select on doctor to k5ad_app;
grant select, insert, delete on appointment to k5ad_app;
reset role;
