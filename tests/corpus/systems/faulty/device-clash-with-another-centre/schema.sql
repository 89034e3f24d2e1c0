create role dca_owner nologin;
create role dca_staff nologin;
create role dca_gate login noinherit;
grant dca_staff to dca_gate;
revoke create on schema public from public;
grant create on schema public to dca_owner;
set role dca_owner;

create table modality (code text primary key, label text not null);
create table centre (id bigint primary key, name text not null);
create table device (centre_id bigint not null references centre, no int not null, modality text not null references modality, nickname text, primary key (centre_id, no));
create table patient (centre_id bigint not null references centre, no int not null, name text not null, implants text, primary key (centre_id, no));
create table booking (
  centre_id bigint not null, no int not null, device_no int not null, patient_no int not null, during tstzrange not null, remark text,
  removed_at timestamptz, primary key (centre_id, no), foreign key (centre_id, device_no) references device, foreign key (centre_id, patient_no) references patient
);
create table exam (centre_id bigint not null, booking_no int not null, region text not null, primary key (centre_id, booking_no), foreign key (centre_id, booking_no) references booking);
create table report (centre_id bigint not null, booking_no int not null, body text not null, primary key (centre_id, booking_no), foreign key (centre_id, booking_no) references exam);
create table maintenance (centre_id bigint not null, device_no int not null, during tstzrange not null, firm text not null, foreign key (centre_id, device_no) references device);

insert into modality values ('mr', 'MRI'), ('ct', 'CT');
insert into centre values (100, 'Imaging Arena'), (200, 'bravo Imaging'), (300, 'Canal bravo');
insert into device values (100, 1, 'mr', 'Red'), (100, 2, 'ct', 'Blue'), (200, 1, 'mr', 'bravo one'), (200, 2, 'ct', 'bravo two'), (300, 1, 'ct', 'bravo uno');
insert into patient values (100, 1, 'Arne', null), (200, 1, 'Bine bravo', 'bravo pacemaker'), (300, 1, 'Cora bravo', 'bravo clip');
insert into booking values
  (100, 1, 1, 1, '[2031-05-01 08:00Z,2031-05-01 09:00Z)', 'knee', null),
  (200, 1, 1, 1, '[2031-05-01 10:00Z,2031-05-01 11:00Z)', 'bravo head', null),
  (300, 1, 1, 1, '[2031-05-01 12:00Z,2031-05-01 13:00Z)', 'bravo chest', null);
insert into exam values (100, 1, 'knee'), (200, 1, 'bravo head'), (300, 1, 'bravo chest');
insert into report values (100, 1, 'fine'), (200, 1, 'bravo tumour'), (300, 1, 'bravo shadow');
insert into maintenance values (100, 1, '[2031-06-01 08:00Z,2031-06-01 18:00Z)', 'Siem'), (200, 1, '[2031-06-02 08:00Z,2031-06-02 18:00Z)', 'bravo Fix'), (300, 1, '[2031-06-03 08:00Z,2031-06-03 18:00Z)', 'bravo Fix');

create function my_centre() returns bigint language sql stable as $$
  select (nullif(current_setting('request.jwt.claims', true), '')::jsonb #>> '{app_metadata,centre}')::bigint
$$;
do $$
declare t text;
begin
  foreach t in array array['device', 'patient', 'booking', 'exam', 'report', 'maintenance'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy my_centre on %I to dca_staff using (centre_id = (select my_centre()))', t);
  end loop;
end $$;
alter table centre enable row level security;
create policy my_centre on centre to dca_staff using (id = (select my_centre()));

-- Removed bookings are kept and do not count. Schedulers may not see every booking of their centre one day, so the check runs as the owner.
create function booking_fits() returns trigger
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if new.removed_at is not null then
    return null;
  end if;
  if exists (
    select from booking b
     where b.device_no = new.device_no and b.during && new.during and b.removed_at is null
       and (b.centre_id, b.no) <> (new.centre_id, new.no)
  ) then
    raise exception 'device % is taken at that time', new.device_no using errcode = 'exclusion_violation';
  end if;
  if exists (select from maintenance m where m.centre_id = new.centre_id and m.device_no = new.device_no and m.during && new.during) then
    raise exception 'device % is being serviced', new.device_no;
  end if;
  return null;
end $$;
create trigger booking_fits after insert or update on booking for each row execute function booking_fits();

create function remove_booking(p_no int) returns void language sql as $$
  update booking set removed_at = now() where no = p_no and removed_at is null
$$;
create function restore_booking(p_no int) returns void language sql as $$
  update booking set removed_at = null where no = p_no and removed_at is not null
$$;

revoke execute on all functions in schema public from public;
grant execute on function my_centre(), remove_booking(int), restore_booking(int) to dca_staff;
grant select on modality, centre to dca_staff;
grant select, insert, update on device, patient, booking, exam, report to dca_staff;
grant select on maintenance to dca_staff;
reset role;
