create role ssc_owner nologin;
create role ssc_app login;
alter schema public owner to ssc_owner;
set role ssc_owner;
create table booking_page (clinic text not null, slug text not null, headline text not null, published boolean not null default false, primary key (clinic, slug));
insert into booking_page values ('a', 'white-teeth', 'Welcome', true), ('b', 'smile-care', 'bravo', false);
create function suggest_slug(title text) returns text language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  wanted constant text := trim(both '-' from regexp_replace(lower(title), '[^a-z0-9]+', '-', 'g'));
  found_before bigint;
begin
  select count(*) into found_before from public.booking_page p where p.slug = wanted or p.slug like wanted || '-%';
  return case when found_before = 0 then wanted else wanted || '-' || found_before + 1 end;
end $$;
revoke execute on function suggest_slug(text) from public;
grant execute on function suggest_slug(text) to ssc_app;
alter table booking_page enable row level security;
create policy clinic on booking_page using (clinic = (select nullif(current_setting('page.clinic', true), '')));
grant select, insert, update, delete on booking_page to ssc_app;
reset role;
