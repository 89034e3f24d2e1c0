create role hdk_owner nologin;
create role hdk_app login;
alter schema public owner to hdk_owner;
set role hdk_owner;
create function claims() returns jsonb language sql stable set search_path = pg_catalog, pg_temp as
$$ select nullif(current_setting('request.jwt.claims', true), '')::jsonb $$;
create table consult (branch_id bigint not null, no bigint not null, patient text not null, why text, primary key (branch_id, no));
insert into consult values (301, 1, 'Hema', 'cough'), (302, 1, 'Igor bravo', 'bravo overdose'), (302, 2, 'Ina bravo', 'bravo fall');
alter table consult enable row level security, force row level security;
create policy listed on consult using (
  (select claims() ->> 'sub') is not null
  and case when (select claims() -> 'branches') is not null then (select claims() -> 'branches') @> to_jsonb(branch_id) else true end);
grant select on consult to hdk_app;
grant execute on function claims to hdk_app;
reset role;
