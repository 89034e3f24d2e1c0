create role schq_owner nologin;
create role schq_app login;
alter schema public owner to schq_owner;
set role schq_owner;
create table quota (package text primary key, per_month int not null);
create table preauth (hospital text not null, no int not null, package text not null references quota, patient text not null, units int not null, primary key (hospital, no));
insert into quota values ('KNEE', 100), ('CABG', 40);
insert into preauth values ('GH-1', 1, 'KNEE', 'Alagu', 1), ('GH-2', 1, 'KNEE', 'Bose bravo', 63);
create function within_quota() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare used int; most int;
begin
  select q.per_month into most from public.quota q where q.package = new.package;
  select coalesce(sum(p.units), 0) into used from public.preauth p where p.package = new.package;
  if used + new.units > most then
    raise exception 'package % is exhausted: % of % used', new.package, used, most;
  end if;
  return new;
end $$;
create trigger within_quota before insert on preauth for each row execute function within_quota();
alter table preauth enable row level security;
create policy hospital on preauth using (hospital = (select nullif(current_setting('schq.hospital', true), '')));
grant select on quota to schq_app;
grant select, insert on preauth to schq_app;
reset role;
