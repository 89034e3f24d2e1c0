create role dbs_owner nologin;
create role dbs_app login;
alter schema public owner to dbs_owner;
set role dbs_owner;
create table booking (clinic_id int not null, no int not null, consultant text not null, starts timestamptz not null, patient text not null,
  primary key (clinic_id, no));
insert into booking values (21, 1, 'MCI-9', '2026-06-01 09:00+00', 'Asha'), (22, 1, 'MCI-9', '2026-06-01 10:00+00', 'Bela bravo');
create function no_double_booking() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare other public.booking;
begin
  select * into other from public.booking b
   where b.consultant = new.consultant and b.starts = new.starts and (b.clinic_id, b.no) <> (new.clinic_id, new.no);
  if found then
    raise exception 'the consultant sees % at that time', other.patient using detail = format('booking %s of clinic %s', other.no, other.clinic_id);
  end if;
  return new;
end $$;
create trigger no_double_booking before insert or update on booking for each row execute function no_double_booking();
alter table booking enable row level security;
create policy clinic on booking using (clinic_id = (select nullif(current_setting('app.clinic', true), '')::int));
grant select, insert, update, delete on booking to dbs_app;
reset role;
