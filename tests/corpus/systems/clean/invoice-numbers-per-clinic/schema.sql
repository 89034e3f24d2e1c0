create role ipc_owner nologin;
create role ipc_app login;
alter schema public owner to ipc_owner;
set role ipc_owner;
create table invoice (clinic_id int not null, number bigint not null, patient text not null, primary key (clinic_id, number));
create table invoice_counter (clinic_id int primary key, last_number bigint not null, note text);
insert into invoice values (1, 12, 'Asha'), (2, 5007, 'Bela bravo');
insert into invoice_counter values (1, 12, null), (2, 5007, 'bravo');
create function number_invoice() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update public.invoice_counter c set last_number = c.last_number + 1
   where c.clinic_id = new.clinic_id and new.clinic_id = nullif(current_setting('inv.clinic', true), '')::int
  returning c.last_number into new.number;
  return new;
end $$;
create trigger number_invoice before insert on invoice for each row execute function number_invoice();
alter table invoice enable row level security, force row level security;
create policy clinic on invoice using (clinic_id = (select nullif(current_setting('inv.clinic', true), '')::int));
grant select on invoice to ipc_app;
grant insert (clinic_id, patient) on invoice to ipc_app;
reset role;
