create role k5sg_owner nologin;
create role k5sg_app login;
alter schema public owner to k5sg_owner;
set role k5sg_owner;
create table practice (practice_id uuid primary key, practice_group text not null, name text not null);
create table care_note (
  practice_id uuid not null references practice,
  no int not null,
  visible_to text not null default 'practice' check (visible_to in ('practice', 'group')),
  body text not null,
  primary key (practice_id, no)
);
insert into practice values ('90000000-0000-4000-8000-00000000000a', 'red', 'Hill Road'), ('90000000-0000-4000-8000-00000000000b', 'blue', 'Lake View bravo');
insert into care_note values
  ('90000000-0000-4000-8000-00000000000a', 1, 'practice', 'prefers mornings'), ('90000000-0000-4000-8000-00000000000a', 2, 'group', 'allergic to latex'),
  ('90000000-0000-4000-8000-00000000000b', 1, 'practice', 'bravo owes money'), ('90000000-0000-4000-8000-00000000000b', 2, 'group', 'bravo: violent when drunk');
alter table practice enable row level security;
alter table care_note enable row level security;
create policy own on practice for select using (practice_id = (select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'practice_id')::uuid));
create policy own on care_note using (practice_id = (select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'practice_id')::uuid));
create policy shared on care_note for select using (
  visible_to = 'group' and (select nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'group') is not null);
grant select on practice to k5sg_app;
grant select, insert, update, delete on care_note to k5sg_app;
reset role;
