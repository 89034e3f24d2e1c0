create role cnul_owner nologin;
create role cnul_app login;
alter schema public owner to cnul_owner;
set role cnul_owner;
create table booking (clinic_id uuid not null, no int not null, patient text not null, starts timestamptz not null, token text not null, primary key (clinic_id, no));
insert into booking values ('3d000000-0000-4000-8000-000000000001', 1, 'Ayesha', '2026-12-01 10:00+05:30', 'q1'), ('3d000000-0000-4000-8000-000000000002', 1, 'Bharti bravo', '2026-12-01 10:00+05:30', 'z9 bravo');
alter table booking enable row level security;
create policy clinic on booking using (clinic_id = (select nullif(current_setting('cnul.clinic', true), '')::uuid));
create function cancel_booking(clinic uuid, no int, token text) returns void language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare stored text;
begin
  select b.token into stored from public.booking b where b.clinic_id = clinic and b.no = cancel_booking.no;
  if stored <> token then
    raise exception 'this link is no longer valid';
  end if;
  delete from public.booking b where b.clinic_id = clinic and b.no = cancel_booking.no;
end $$;
revoke execute on function cancel_booking from public;
grant execute on function cancel_booking to cnul_app;
grant select, insert on booking to cnul_app;
reset role;
