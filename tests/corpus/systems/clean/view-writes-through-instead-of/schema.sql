create role vwi_owner nologin;
create role vwi_app login;
alter schema public owner to vwi_owner;
set role vwi_owner;
create table appointment (branch_id int not null, no int not null, patient text not null, at timestamptz, primary key (branch_id, no));
insert into appointment values (11, 1, 'Asha', '2026-05-01 10:00+00'), (12, 1, 'Bela bravo', '2026-05-01 11:00+00');
alter table appointment enable row level security;
create view v_appointment with (security_barrier = true) as select branch_id, no, patient, at from appointment
  where branch_id = nullif(current_setting('dental.branch', true), '')::int;
create function write_appointment() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare mine constant int := nullif(current_setting('dental.branch', true), '')::int;
begin
  if tg_op = 'INSERT' then
    insert into public.appointment values (mine, new.no, new.patient, new.at);
  else
    update public.appointment set patient = new.patient, at = new.at where branch_id = mine and no = old.no;
  end if;
  return new;
end $$;
create trigger write_appointment instead of insert or update on v_appointment for each row execute function write_appointment();
grant select, insert, update on v_appointment to vwi_app;
reset role;
