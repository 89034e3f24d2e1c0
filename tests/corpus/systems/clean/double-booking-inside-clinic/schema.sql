create role dbi_owner nologin;
create role dbi_app login;
alter schema public owner to dbi_owner;
set role dbi_owner;
create table booking (clinic_id int not null, no int not null, consultant text not null, starts timestamptz not null, patient text not null,
  primary key (clinic_id, no));
insert into booking values (21, 1, 'MCI-9', '2026-06-01 09:00+00', 'Asha'), (22, 1, 'MCI-9', '2026-06-01 10:00+00', 'Bela bravo');
create function no_double_booking() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare other public.booking;
begin
  if new.clinic_id is distinct from nullif(current_setting('app.clinic', true), '')::int then
    raise exception 'a booking is made in the clinic in force';
  end if;
  select * into other from public.booking b
   where b.clinic_id = new.clinic_id and b.consultant = new.consultant and b.starts = new.starts and b.no <> new.no;
  if found then
    raise exception 'the consultant sees % at that time', other.patient;
  end if;
  return new;
end $$;
create trigger no_double_booking before insert or update on booking for each row execute function no_double_booking();
alter table booking enable row level security;
create policy clinic on booking using (clinic_id = (select nullif(current_setting('app.clinic', true), '')::int));
grant select, insert, update, delete on booking to dbi_app;
reset role;
