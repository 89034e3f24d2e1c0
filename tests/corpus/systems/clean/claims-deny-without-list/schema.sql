create role cdn_owner nologin;
create role cdn_app login;
alter schema public owner to cdn_owner;
set role cdn_owner;
create function mine() returns text[] language sql stable set search_path = pg_catalog, pg_temp as $$
  select coalesce(array(select jsonb_array_elements_text(
    coalesce(nullif(current_setting('request.jwt.claims', true), '')::jsonb #> '{app_metadata,branches}', '[]'))), '{}') $$;
create table letter (branch text not null, no int not null, patient text not null, body text not null, primary key (branch, no));
insert into letter values ('vel-01', 1, 'Yamuna', 'seen'), ('ann-02', 2, 'Yves bravo', 'bravo referred');
alter table letter enable row level security, force row level security;
create policy branch on letter using (branch = any ((select mine())::text[]));
create function fetch_letter(request jsonb) returns text language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare found_body text;
begin
  select body into found_body from public.letter where no = (request ->> 'no')::int and branch = any (public.mine());
  if found_body is null then raise exception 'there is no such letter'; end if;
  return found_body;
end $$;
grant select, insert on letter to cdn_app;
reset role;
