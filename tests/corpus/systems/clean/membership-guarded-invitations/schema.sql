create role mgi_owner nologin;
create role mgi_app login;
alter schema public owner to mgi_owner;
set role mgi_owner;
create table membership (facility int not null, usr text not null, invited_by text, primary key (facility, usr));
create table care_note (facility int not null, no int not null, body text not null, primary key (facility, no));
insert into membership values (7, 'u7', null), (8, 'u8', 'bravo');
insert into care_note values (7, 1, 'walks'), (8, 1, 'bravo fell');
create function my_facilities() returns int[] language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select coalesce(array_agg(facility), '{}') from public.membership where usr = nullif(current_setting('net.user', true), '') $$;
alter table membership enable row level security;
alter table care_note enable row level security;
create policy see on membership for select using (facility = any ((select my_facilities())::int[]));
create policy invite on membership for insert with check (facility = any ((select my_facilities())::int[]));
create policy member on care_note using (facility = any ((select my_facilities())::int[]));
grant select, insert on membership to mgi_app;
grant select, insert, update, delete on care_note to mgi_app;
reset role;
