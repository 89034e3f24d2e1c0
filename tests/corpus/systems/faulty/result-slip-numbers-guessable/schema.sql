create role slipn_owner nologin;
create role slipn_app login;
create schema vault authorization slipn_owner;
create schema front authorization slipn_owner;
set role slipn_owner;
create sequence vault.slip_no start 4096;
create table vault.result (branch text not null, slip bigint not null default nextval('vault.slip_no'), patient text not null, finding text not null, primary key (branch, slip));
insert into vault.result (branch, patient, finding) values ('madurai', 'Anbu', 'normal'), ('salem', 'Bose bravo', 'bravo reactive');
create function front.add_result(patient text, finding text) returns text language sql security definer set search_path = pg_catalog, pg_temp as
$$ insert into vault.result (branch, patient, finding) values (nullif(current_setting('slipn.branch', true), ''), $1, $2) returning to_hex(slip) $$;
create function front.result_by_slip(code text) returns table (patient text, finding text) language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select r.patient, r.finding from vault.result r where to_hex(r.slip) = lower(code) $$;
revoke execute on all functions in schema front from public;
grant usage on schema front to slipn_app;
grant execute on all functions in schema front to slipn_app;
reset role;
