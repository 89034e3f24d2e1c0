create role nrp_owner nologin;
create role nrp_app login;
create schema duty authorization nrp_owner;
grant usage on schema duty to nrp_app;
set role nrp_owner;
create table duty.shift (unit text not null, id bigint generated always as identity (start with 5000), nurse text not null, day date not null, primary key (unit, id));
insert into duty.shift (unit, nurse, day) values ('icu-7', 'Selvi', '2026-05-01'), ('gyn-3', 'Birgit bravo', '2026-05-02'), ('icu-7', 'Devi', '2026-05-03');
alter table duty.shift enable row level security;
create policy unit on duty.shift using (unit = (select nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'unit'));
create procedure duty.swap(first_shift bigint, second_shift bigint) language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare first_nurse text; second_nurse text;
begin
  select nurse into first_nurse from duty.shift where id = first_shift and unit = nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'unit';
  if first_nurse is null then raise exception 'no such shift'; end if;
  select nurse into second_nurse from duty.shift where id = second_shift;
  update duty.shift set nurse = second_nurse where id = first_shift;
  update duty.shift set nurse = first_nurse where id = second_shift;
end $$;
revoke execute on procedure duty.swap from public;
grant execute on procedure duty.swap to nrp_app;
grant select on duty.shift to nrp_app;
reset role;
