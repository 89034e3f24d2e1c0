create role mrho_owner nologin;
create role mrho_app login;
alter schema public owner to mrho_owner;
set role mrho_owner;
create table block (hospital text not null, numbers int4range not null, primary key (hospital, numbers), exclude using gist (numbers with &&));
insert into block values ('H-1', '[1000,2000)'), ('H-2', '[2000,3000)');
create table record (hospital text not null, mrn int not null, patient text not null, problem text, primary key (hospital, mrn));
insert into record values ('H-1', 1000, 'Anu', 'cataract'), ('H-1', 1999, 'Akbar', 'hernia'), ('H-2', 2000, 'Bhaskar bravo', 'bravo fever');
alter table record enable row level security, force row level security;
create function hospital_of(mrn int) returns text language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select b.hospital from public.block b where b.numbers @> mrn and b.numbers = nullif(current_setting('mrho.block', true), '')::int4range $$;
create policy block on record using (mrn <@ (select nullif(current_setting('mrho.block', true), '')::int4range)) with check (mrn <@ (select nullif(current_setting('mrho.block', true), '')::int4range) and hospital = (select hospital_of(mrn)));
grant select, insert, update, delete on record to mrho_app;
reset role;
