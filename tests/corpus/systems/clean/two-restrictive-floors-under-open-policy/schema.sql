create role rpai_owner nologin;
create role rpai_app login;
alter schema public owner to rpai_owner;
set role rpai_owner;
create table round_note (hospital_id uuid not null, unit text not null, no int not null, patient text not null, note text, primary key (hospital_id, unit, no));
insert into round_note values
  ('b5000000-0000-4000-8000-000000000001', 'north', 1, 'Asin', 'calm'), ('b5000000-0000-4000-8000-000000000001', 'south', 1, 'Arya', 'sleeps'),
  ('b5000000-0000-4000-8000-000000000002', 'north', 1, 'Bindu bravo', 'bravo anxious');
alter table round_note enable row level security, force row level security;
create policy staff on round_note using (true);
create policy hospital_floor on round_note as restrictive using (hospital_id = (select nullif(current_setting('rpai.hospital', true), '')::uuid));
create policy unit_floor on round_note as restrictive using (unit = (select nullif(current_setting('rpai.unit', true), '')));
grant select, insert, update, delete on round_note to rpai_app;
reset role;
