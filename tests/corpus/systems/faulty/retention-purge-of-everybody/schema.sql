create role rpev_owner nologin;
create role rpev_app login;
create schema store authorization rpev_owner;
alter schema public owner to rpev_owner;
set role rpev_owner;
create table store.recording (lab text not null, no int not null, made date not null, patient text not null, primary key (lab, no));
create table store.purge_log (lab text not null, at timestamptz not null default now(), removed int not null, remark text, primary key (lab, at));
insert into store.recording values ('lab-a', 1, '2016-01-01', 'Aparna'), ('lab-a', 2, '2026-01-01', 'Ajith'), ('lab-b', 1, '2016-01-01', 'Bhagya bravo'), ('lab-b', 2, '2026-01-01', 'Bijoy bravo');
create function public.my_recordings() returns table (no int, made date, patient text) language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select r.no, r.made, r.patient from store.recording r where r.lab = nullif(current_setting('rpev.lab', true), '') $$;
create function public.purge_older_than(years int) returns int language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare n int;
begin
  if years < 3 then raise exception 'recordings are kept for three years'; end if;
  delete from store.recording r where r.made < current_date - make_interval(years => years);
  get diagnostics n = row_count;
  insert into store.purge_log (lab, removed) values (nullif(current_setting('rpev.lab', true), ''), n);
  return n;
end $$;
revoke execute on function public.my_recordings, public.purge_older_than from public;
grant execute on function public.my_recordings, public.purge_older_than to rpev_app;
reset role;
