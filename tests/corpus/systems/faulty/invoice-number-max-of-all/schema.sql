create role inm_owner nologin;
create role inm_app login;
alter schema public owner to inm_owner;
set role inm_owner;
create table invoice (clinic_id int not null, number bigint not null, patient text not null, primary key (clinic_id, number));
insert into invoice values (1, 12, 'Asha'), (2, 5007, 'Bela bravo');
create function number_invoice() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  select coalesce(max(i.number), 0) + 1 into new.number from public.invoice i;
  return new;
end $$;
create trigger number_invoice before insert on invoice for each row execute function number_invoice();
alter table invoice enable row level security;
create policy clinic on invoice using (clinic_id = (select nullif(current_setting('inv.clinic', true), '')::int));
grant select on invoice to inm_app;
grant insert (clinic_id, patient) on invoice to inm_app;
reset role;
