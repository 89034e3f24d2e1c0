create role k5dh_owner nologin;
create role k5dh_app login;
alter schema public owner to k5dh_owner;
set role k5dh_owner;
create table patient (entity text not null, no int not null, name text not null, phone text, hint text, primary key (entity, no));
create index patient_phone on patient (phone);
insert into patient values ('ent-a', 1, 'Joan', '+44 1', null), ('ent-b', 1, 'Liam bravo', '+44 2', null);
create function hint_at_duplicate() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  new.hint := case when exists (select from public.patient p where p.phone = new.phone) then 'known elsewhere, ask for old records' end;
  return new;
end $$;
revoke execute on function hint_at_duplicate() from public;
create trigger hint before insert on patient for each row execute function hint_at_duplicate();
alter table patient enable row level security;
create policy entity on patient using (entity = (select nullif(current_setting('request.jwt.claims', true), '')::json ->> 'entity'));
grant select, insert, update on patient to k5dh_app;
reset role;
