create role sdh_owner nologin;
create role sdh_app login;
alter schema public owner to sdh_owner;
set role sdh_owner;
create table letter (practice_id int not null, no int not null, patient text not null, body text not null, deleted_at timestamptz, primary key (practice_id, no));
insert into letter values (1, 1, 'Ponni', 'dear', null), (1, 2, 'Ponni', 'old', '2026-01-01Z'), (2, 1, 'Igor bravo', 'bravo', null), (2, 2, 'Igor bravo', 'bravo', '2026-01-01Z');
alter table letter enable row level security, force row level security;
create policy live on letter using (practice_id = (select nullif(current_setting('app.practice_id', true), '')::int) and deleted_at is null)
  with check (practice_id = (select nullif(current_setting('app.practice_id', true), '')::int));
create policy bin on letter for select using (deleted_at is not null and practice_id = (select nullif(current_setting('app.practice_id', true), '')::int));
grant select, insert, update, delete on letter to sdh_app;
reset role;
