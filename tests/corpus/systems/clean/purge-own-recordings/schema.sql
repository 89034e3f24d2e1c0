create role prow_owner nologin;
create role prow_app login;
alter schema public owner to prow_owner;
set role prow_owner;
reset role;
create schema store authorization prow_owner;
set role prow_owner;
create table store.recording (lab text not null, no int not null, made date not null, patient text not null, primary key (lab, no));
insert into store.recording values ('lab-a', 1, '2016-01-01', 'Aparna'), ('lab-b', 1, '2016-01-01', 'Bhagya bravo'), ('lab-b', 2, '2026-01-01', 'Bijoy bravo');
create function purge_older_than(years int) returns int language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare n int; mine text := nullif(current_setting('prow.lab', true), '');
begin
  if mine is null then raise exception 'no lab in this session'; end if;
  if years is null or years < 3 then raise exception 'recordings are kept for three years'; end if;
  delete from store.recording r where r.lab = mine and r.made < current_date - make_interval(years => years);
  get diagnostics n = row_count;
  return n;
end $$;
create function my_recordings() returns table (no int, made date, patient text) language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select r.no, r.made, r.patient from store.recording r where r.lab = nullif(current_setting('prow.lab', true), '') $$;
revoke execute on function purge_older_than, my_recordings from public;
grant execute on function purge_older_than, my_recordings to prow_app;
reset role;
