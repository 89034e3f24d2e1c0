create role uncl_owner nologin;
create role uncl_app login;
alter schema public owner to uncl_owner;
set role uncl_owner;
create table sample (centre uuid not null, no int not null, lab uuid, patient text not null, test text not null, primary key (centre, no));
insert into sample values
  ('a1000000-0000-4000-8000-000000000000', 1, null, 'Anil', 'CBC'),
  ('b2000000-0000-4000-8000-000000000000', 1, null, 'Bimal bravo', 'bravo HIV'),
  ('b2000000-0000-4000-8000-000000000000', 2, 'c3000000-0000-4000-8000-000000000000', 'Brinda bravo', 'CBC');
alter table sample enable row level security, force row level security;
create policy seen on sample for select using ((select nullif(current_setting('uncl.org', true), '')::uuid) in (centre, lab));
create policy sent on sample for insert with check (centre = (select nullif(current_setting('uncl.org', true), '')::uuid));
create policy claimed on sample for update using (lab is null or lab = (select nullif(current_setting('uncl.org', true), '')::uuid)) with check (lab = (select nullif(current_setting('uncl.org', true), '')::uuid));
grant select, insert on sample to uncl_app;
grant update (lab) on sample to uncl_app;
reset role;
