create role drb_owner nologin;
create role drb_app login;
alter schema public owner to drb_owner;
set role drb_owner;
create table staff (facility int not null, user_id int not null, name text not null, primary key (facility, user_id));
create table rota (facility int not null, day date not null, user_id int not null, note text, primary key (facility, day, user_id), foreign key (facility, user_id) references staff);
insert into staff values (1, 11, 'Asha'), (1, 12, 'Anu'), (2, 22, 'Bela bravo');
insert into rota values (1, '2026-01-01', 11, 'x'), (2, '2026-01-01', 22, 'bravo');
create function my_facility() returns int language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select facility from public.staff where user_id = nullif(current_setting('s.user', true), '')::int $$;
alter table staff enable row level security;
alter table rota enable row level security, force row level security;
create policy colleagues on staff for select using (facility = (select my_facility()));
create policy rota on rota using (facility = (select my_facility()));
grant select on staff to drb_app;
grant select, insert, update, delete on rota to drb_app;
reset role;
