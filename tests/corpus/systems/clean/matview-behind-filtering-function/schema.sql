create role mvf_owner nologin;
create role mvf_app login;
alter schema public owner to mvf_owner;
create schema stats authorization mvf_owner;
set role mvf_owner;
create table visit (clinic int not null, no int not null, patient text not null, primary key (clinic, no));
insert into visit values (1, 1, 'Amala'), (2, 1, 'Bix bravo');
create materialized view stats.per_clinic as select clinic, count(*) as visits, min(patient) as example from visit group by 1;
create function my_numbers(out visits bigint, out example text) language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select s.visits, s.example from stats.per_clinic s where s.clinic = nullif(current_setting('m.clinic', true), '')::int $$;
alter table visit enable row level security, force row level security;
create policy clinic on visit using (clinic = (select nullif(current_setting('m.clinic', true), '')::int));
grant select, insert, update, delete on visit to mvf_app;
reset role;
