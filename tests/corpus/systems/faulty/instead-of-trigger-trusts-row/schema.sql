create role iot_owner nologin;
create role iot_app login;
create schema base authorization iot_owner;
create schema web authorization iot_owner;
grant usage on schema web to iot_app;
set role iot_owner;
create table base.vitals (clinic_id int not null, no int not null, patient text not null, pulse int, primary key (clinic_id, no));
insert into base.vitals values (1, 1, 'Charu', 70), (2, 1, 'Vera bravo', 140);
create view web.vitals with (security_barrier) as select * from base.vitals where clinic_id = nullif(current_setting('i.clinic', true), '')::int;
create function base.save() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update base.vitals set pulse = new.pulse, patient = new.patient where clinic_id = new.clinic_id and no = new.no;
  if not found then insert into base.vitals values (new.clinic_id, new.no, new.patient, new.pulse); end if;
  return new;
end $$;
create trigger save instead of insert on web.vitals for each row execute function base.save();
grant select, insert on web.vitals to iot_app;
reset role;
