create role stt_owner nologin;
create role stt_app login;
alter schema public owner to stt_owner;
set role stt_owner;
create table rx (clinic_id int not null, no int not null, patient text not null, drug text, primary key (clinic_id, no));
create table rx_history (clinic_id int not null, at timestamptz not null default now(), row jsonb not null);
create function remember() returns trigger language plpgsql as $$
begin
  insert into rx_history (clinic_id, row) values (new.clinic_id, to_jsonb(new));
  return null;
end $$;
create trigger remember after insert or update on rx for each row execute function remember();
insert into rx values (1, 1, 'Ayesha', 'metformin'), (2, 1, 'Dinesh bravo', 'bravo');
alter table rx enable row level security;
alter table rx_history enable row level security;
create policy clinic on rx using (clinic_id = (select nullif(current_setting('a.clinic', true), '')::int));
create policy clinic_read on rx_history for select using (clinic_id = (select nullif(current_setting('a.clinic', true), '')::int));
create policy clinic_write on rx_history for insert with check (clinic_id = (select nullif(current_setting('a.clinic', true), '')::int));
grant select, insert, update, delete on rx to stt_app;
grant select, insert on rx_history to stt_app;
reset role;
