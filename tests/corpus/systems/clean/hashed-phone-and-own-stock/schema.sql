create role hsh_owner nologin;
create role hsh_app login;
alter schema public owner to hsh_owner;
set role hsh_owner;
create table customer (shop int not null, no int not null, name text not null, phone text not null,
  phone_hash text generated always as (md5(shop::text || ':' || phone)) stored unique, primary key (shop, no));
create table stock (shop int not null, code text not null, pieces int not null, note text, primary key (shop, code));
create table sale (shop int not null, no int not null, code text not null, pieces int not null, buyer text not null, primary key (shop, no));
create function take() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  update public.stock set pieces = pieces - new.pieces where code = new.code and shop = nullif(current_setting('hsh.shop', true), '')::int;
  return new;
end $$;
create trigger take before insert on sale for each row execute function take();
create function is_registered(phone text) returns boolean language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select exists (select from public.customer c where c.phone = is_registered.phone and c.shop = nullif(current_setting('hsh.shop', true), '')::int) $$;
insert into customer (shop, no, name, phone) values (21, 1, 'Bhavani', '9840033333'), (22, 1, 'Dan bravo', '9840044444 bravo');
insert into stock values (21, 'PARA', 100, 'shelf 1'), (22, 'PARA', 200, 'bravo shelf');
insert into sale values (22, 1, 'PARA', 1, 'bravo buyer');
insert into sale values (21, 1, 'PARA', 1, 'Bhavani');
alter table customer enable row level security, force row level security;
alter table stock enable row level security, force row level security;
alter table sale enable row level security, force row level security;
create policy shop on customer using (shop = (select nullif(current_setting('hsh.shop', true), '')::int));
create policy shop on stock using (shop = (select nullif(current_setting('hsh.shop', true), '')::int));
create policy shop on sale using (shop = (select nullif(current_setting('hsh.shop', true), '')::int));
grant select, insert on customer, sale to hsh_app;
grant select on stock to hsh_app;
reset role;
