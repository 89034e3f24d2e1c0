create role rep_owner nologin;
create role rep_app login;
alter schema public owner to rep_owner;
set role rep_owner;
create table episode (site text not null, no int not null, patient text not null, drg text, primary key (site, no));
insert into episode values ('kochi', 1, 'Lijo', '470'), ('delhi', 1, 'Manpreet bravo', 'bravo 885');
alter table episode enable row level security;
create policy site on episode using (site = (select nullif(current_setting('rep.site', true), '')));
create function run_report(filter text) returns setof jsonb language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  return query execute 'select to_jsonb(e) from episode e where site = $1 and ' || filter using current_setting('rep.site', true);
end $$;
grant select on episode to rep_app;
reset role;
