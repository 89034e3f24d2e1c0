create role stk_owner nologin;
create role stk_app login;
alter schema public owner to stk_owner;
set role stk_owner;
create table stock (shop int not null, code text not null, name text not null, pieces int not null, primary key (shop, code));
create table dispensed (shop int not null, id int generated always as identity, code text not null, pieces int not null check (pieces > 0), patient text not null, primary key (shop, id));
create function take_from_stock() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update public.stock set pieces = pieces - new.pieces where code = new.code;
  return new;
end $$;
create trigger take_from_stock before insert on dispensed for each row execute function take_from_stock();
insert into stock values (11, 'PARA', 'Paracetamol', 500), (12, 'PARA', 'Paracetamol bravo', 800), (12, 'METF', 'Metformin bravo', 90);
insert into dispensed (shop, code, pieces, patient) values (11, 'PARA', 10, 'Ezhil');
alter table stock enable row level security;
alter table dispensed enable row level security;
create policy shop on stock using (shop = (select nullif(current_setting('stk.shop', true), '')::int));
create policy shop on dispensed using (shop = (select nullif(current_setting('stk.shop', true), '')::int));
insert into dispensed (shop, code, pieces, patient) values (12, 'METF', 5, 'bravo Bert');
grant select on stock to stk_app;
grant select, insert on dispensed to stk_app;
reset role;
