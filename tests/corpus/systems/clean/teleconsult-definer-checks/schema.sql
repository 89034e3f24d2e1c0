create role tlc_owner nologin;
create role tlc_app login;
alter schema public owner to tlc_owner;
create schema api authorization tlc_owner;
grant usage on schema api to tlc_app;
set role tlc_owner;
create table call_record (practice_id int not null, call_id int not null, caller text not null, summary text, primary key (practice_id, call_id));
insert into call_record values (501, 1, 'Hari', 'cough'), (502, 2, 'Ila bravo', 'bravo rash');
create function api.practice() returns int language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  if nullif(current_setting('app.practice', true), '') is null then raise exception 'no practice' using errcode = '42501'; end if;
  return current_setting('app.practice')::int;
end $$;
create function api.calls() returns table (call_id int, caller text, summary text) language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select c.call_id, c.caller, c.summary from public.call_record c where c.practice_id = (select api.practice()) $$;
create function api.call(wanted int) returns text language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare found text;
begin
  select c.summary into found from public.call_record c where c.call_id = wanted and c.practice_id = api.practice();
  if not found then raise exception 'no such call' using errcode = 'P0002'; end if;
  return found;
end $$;
create function api.note(wanted int, words text) returns void language sql security definer set search_path = pg_catalog, pg_temp as
$$ update public.call_record set summary = words where call_id = wanted and practice_id = api.practice() $$;
revoke execute on all functions in schema api from public;
grant execute on all functions in schema api to tlc_app;
reset role;
