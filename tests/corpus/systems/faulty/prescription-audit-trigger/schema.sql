create role presc_owner nologin;
create role presc_app login;
alter schema public owner to presc_owner;
set role presc_owner;
create table prescription (clinic_id int not null, rx_no int not null, patient text not null, drug text not null, primary key (clinic_id, rx_no));
create table prescription_history (at timestamptz not null default now(), op text not null, by_login text not null default current_user, old_row jsonb, new_row jsonb);
create function remember() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into prescription_history (op, old_row, new_row) values (tg_op, case tg_op when 'INSERT' then null else to_jsonb(old) end, case tg_op when 'DELETE' then null else to_jsonb(new) end);
  return null;
end $$;
create trigger remember after insert or update or delete on prescription for each row execute function remember();
alter table prescription enable row level security;
create policy clinic on prescription using (clinic_id = (select nullif(current_setting('app.clinic', true), '')::int));
insert into prescription values (1, 1, 'Ayesha', 'metformin'), (2, 1, 'Dinesh bravo', 'bravo lithium');
grant select, insert, update, delete on prescription to presc_app;
grant select on prescription_history to presc_app;
reset role;
