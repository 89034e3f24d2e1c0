create role k5gv_owner nologin;
create role k5gv_app login;
alter schema public owner to k5gv_owner;
set role k5gv_owner;
create table care_note (
  practice_id uuid not null,
  no int not null,
  practice_group text not null,
  visible_to text not null default 'practice' check (visible_to in ('practice', 'group')),
  body text not null,
  primary key (practice_id, no)
);
insert into care_note values
  ('90000000-0000-4000-8000-00000000001a', 1, 'red', 'practice', 'prefers mornings'), ('90000000-0000-4000-8000-00000000001a', 2, 'red', 'group', 'allergic to latex'),
  ('90000000-0000-4000-8000-00000000001b', 1, 'blue', 'practice', 'bravo owes money'), ('90000000-0000-4000-8000-00000000001b', 2, 'blue', 'group', 'bravo: violent');
create function claim(key text) returns text language sql stable as
$$ select nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> key $$;
alter table care_note enable row level security;
create policy own on care_note
  using (practice_id = (select claim('practice_id')::uuid))
  with check (practice_id = (select claim('practice_id')::uuid) and practice_group = (select claim('group')));
create policy shared on care_note for select using (visible_to = 'group' and practice_group = (select claim('group')));
grant select, insert, update, delete on care_note to k5gv_app;
reset role;
