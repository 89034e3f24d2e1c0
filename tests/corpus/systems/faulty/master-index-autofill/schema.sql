create role mpi_owner nologin;
create role mpi_app login;
alter schema public owner to mpi_owner;
set role mpi_owner;
create table registration (clinic int not null, no int not null, phone text not null, name text, born date, primary key (clinic, no));
insert into registration values (1, 1, '111', 'Nalini', '1970-01-01'), (2, 1, '222', 'Yan bravo', '1980-01-01');
create function autofill() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if new.name is null then
    select r.name, r.born into new.name, new.born from public.registration r where r.phone = new.phone limit 1;
  end if;
  return new;
end $$;
create trigger autofill before insert on registration for each row execute function autofill();
alter table registration enable row level security;
create policy clinic on registration using (clinic = (select nullif(current_setting('mpi.clinic', true), '')::int));
grant select, insert on registration to mpi_app;
reset role;
