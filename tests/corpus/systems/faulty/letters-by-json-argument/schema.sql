create role ltr_owner nologin;
create role ltr_app login;
create schema letters authorization ltr_owner;
grant usage on schema letters to ltr_app;
set role ltr_owner;
create table letters.letter (clinic uuid not null, serial bigint not null, patient text not null, body text not null, primary key (clinic, serial));
insert into letters.letter values
  ('0190aaaa-0000-7000-8000-00000000000a', 7001, 'Lalitha', 'fit to travel'),
  ('0190bbbb-0000-7000-8000-00000000000b', 7002, 'Boris bravo', 'bravo: discharged against advice'),
  ('0190bbbb-0000-7000-8000-00000000000b', 7003, 'Bina bravo', 'bravo: tuberculosis, notified');
alter table letters.letter enable row level security;
create policy clinic on letters.letter using (clinic = (select nullif(current_setting('ltr.clinic', true), '')::uuid));
create function letters.fetch(request jsonb) returns setof letters.letter language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  if (request ->> 'clinic')::uuid is distinct from nullif(current_setting('ltr.clinic', true), '')::uuid then
    raise exception 'not your clinic';
  end if;
  return query select l.* from letters.letter l where l.serial = (request ->> 'serial')::bigint;
end $$;
revoke execute on function letters.fetch from public;
grant execute on function letters.fetch to ltr_app;
grant select on letters.letter to ltr_app;
reset role;
