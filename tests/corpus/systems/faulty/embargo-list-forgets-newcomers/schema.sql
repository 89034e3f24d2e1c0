create role embg_owner nologin;
create role embg_app login;
alter schema public owner to embg_owner;
set role embg_owner;
create table embargo (viewer uuid not null, subject uuid not null, primary key (viewer, subject));
create table cycle (clinic_id uuid not null, no int not null, couple text not null, outcome text, primary key (clinic_id, no));
insert into embargo values ('4e000000-0000-4000-8000-00000000000a', '4e000000-0000-4000-8000-00000000000b'), ('4e000000-0000-4000-8000-00000000000b', '4e000000-0000-4000-8000-00000000000a');
insert into cycle values
  ('4e000000-0000-4000-8000-00000000000a', 1, 'Anjali', 'day 3'),
  ('4e000000-0000-4000-8000-00000000000b', 1, 'Bharathi bravo', 'bravo day 5'),
  ('4e000000-0000-4000-8000-00000000000c', 1, 'Chandra bravo', 'bravo donor');
alter table cycle enable row level security, force row level security;
create policy apart on cycle for select using ((select nullif(current_setting('embg.clinic', true), '')) is not null
  and not exists (select from embargo e where e.viewer = (select nullif(current_setting('embg.clinic', true), '')::uuid) and e.subject = cycle.clinic_id));
create policy own on cycle for insert with check (clinic_id = (select nullif(current_setting('embg.clinic', true), '')::uuid));
grant select on embargo to embg_app;
grant select, insert on cycle to embg_app;
reset role;
