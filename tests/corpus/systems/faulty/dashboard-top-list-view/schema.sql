create role dash_owner nologin;
create role dash_a login;
create role dash_b login;
alter schema public owner to dash_owner;
set role dash_owner;
create table store_login (login name primary key, store int not null);
create table sale (store int not null, no int not null, customer text not null, medicine text not null, qty int not null, primary key (store, no));
insert into store_login values ('dash_a', 1), ('dash_b', 2);
insert into sale values (1, 1, 'Selva', 'Dolo', 2), (2, 1, 'Wim bravo', 'Bravo-Alprax', 90);
create function my_store() returns int language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select store from public.store_login where login = session_user $$;
alter table sale enable row level security;
create policy store on sale using (store = (select my_store()));
create view top_medicines as select medicine, sum(qty) as units, (array_agg(customer order by qty desc))[1:3] as top_customers from sale group by 1;
grant select, insert on sale to dash_a, dash_b;
grant select on top_medicines to dash_a, dash_b;
reset role;
