create role aio_owner nologin;
create role aio_app login;
alter schema public owner to aio_owner;
create schema audit authorization aio_owner;
set role aio_owner;
create table rx (clinic_id int not null, no int not null, patient text not null, drug text, primary key (clinic_id, no));
create table audit.entry (at timestamptz not null default now(), op text not null, row jsonb not null);
create function audit.remember() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into audit.entry (op, row) values (tg_op, to_jsonb(coalesce(new, old)));
  return null;
end $$;
revoke execute on function audit.remember from public;
create trigger remember after insert or update or delete on rx for each row execute function audit.remember();
insert into rx values (1, 1, 'Ayesha', 'metformin'), (2, 1, 'Dinesh bravo', 'bravo lithium');
alter table rx enable row level security, force row level security;
create policy clinic on rx using (clinic_id = (select nullif(current_setting('a.clinic', true), '')::int));
grant select, insert, update, delete on rx to aio_app;
reset role;
