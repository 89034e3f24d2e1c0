create role apotoken_owner nologin;
create role apotoken_gate login;
create schema shop authorization apotoken_owner;
create schema auth authorization apotoken_owner;
set role apotoken_owner;
set search_path = shop;

create table shop.product (pzn int primary key, title text not null, narcotic boolean not null default false);
create table shop.supplier (code text primary key, title text not null);
create table shop.pharmacy (id bigint primary key, name text not null, street text);
create table auth.account (id uuid primary key, login_name text not null unique, full_name text not null);
create table auth.membership (account_id uuid not null references auth.account, pharmacy_id bigint not null references shop.pharmacy, job text not null, active boolean not null default true,
  primary key (pharmacy_id, account_id));
create table auth.session (token_hash bytea primary key, account_id uuid not null references auth.account, pharmacy_id bigint not null references shop.pharmacy,
  expires_at timestamptz not null, device text not null, switched int not null default 0);

create table shop.customer (pharmacy_id bigint not null references pharmacy, no int not null, full_name text not null, allergies text, primary key (pharmacy_id, no));
create table shop.stock (pharmacy_id bigint not null references pharmacy, pzn int not null references product, packs int not null, shelf text, primary key (pharmacy_id, pzn));
create table shop.dispensing (pharmacy_id bigint not null, id uuid not null default gen_random_uuid(), customer_no int not null, pzn int not null references product, advice text, at timestamptz not null default now(),
  primary key (pharmacy_id, id), foreign key (pharmacy_id, customer_no) references customer (pharmacy_id, no));
create table shop.prescription_scan (pharmacy_id bigint not null, id uuid not null default gen_random_uuid(), customer_no int not null, recognised text not null, primary key (pharmacy_id, id),
  foreign key (pharmacy_id, customer_no) references customer (pharmacy_id, no) on delete cascade);
create table shop.purchase (pharmacy_id bigint not null references pharmacy, no int not null, supplier text not null references supplier, pzn int not null references product, packs int not null, remark text,
  primary key (pharmacy_id, no));
create table shop.narcotics_book (pharmacy_id bigint not null references pharmacy, page int not null, line int not null, entry text not null, primary key (pharmacy_id, page, line));

-- The gateway passes the cookie on; only its hash is kept.
create function auth.current_session() returns auth.session language sql stable security definer set search_path = auth, pg_temp as $$
  select s from session s
   where s.token_hash = sha256(convert_to(current_setting('apo.cookie', true), 'UTF8')) and s.expires_at > now()
$$;
create function auth.current_pharmacy() returns bigint language sql stable security definer set search_path = auth, pg_temp as $$
  select s.pharmacy_id from current_session() s
$$;

create function auth.my_pharmacies() returns table (id bigint, name text, job text) language sql stable security definer set search_path = auth, shop, pg_temp as $$
  select p.id, p.name, m.job from current_session() s join membership m on m.account_id = s.account_id and m.active join pharmacy p on p.id = m.pharmacy_id
$$;

-- for chains: the branch is chosen at the top right
create function auth.switch_pharmacy(target bigint) returns text language plpgsql security definer set search_path = auth, shop, pg_temp as $$
declare
  me auth.session := current_session();
  chosen text;
begin
  if not exists (select from membership m where m.account_id = me.account_id and m.active) then
    raise exception 'this account works in no pharmacy' using errcode = '42501';
  end if;
  update session s set pharmacy_id = target, switched = s.switched + 1 where s.token_hash = me.token_hash;
  select p.name into chosen from pharmacy p join membership m on m.pharmacy_id = p.id where p.id = target and m.account_id = me.account_id;
  return chosen;
end $$;

insert into product values (4020784, 'Ibuflam 600', false), (1126111, 'Paracetamol 500', false), (8703914, 'Oxygesic 10', true);
insert into supplier values ('PHX', 'Phoenix'), ('NOW', 'Noweda');
insert into pharmacy values (11, 'Löwen-Apotheke', 'Markt 1'), (12, 'Stern bravo', 'Ring 2'), (13, 'Adler bravo', 'Hafen 3');
insert into auth.account select ('c0de0000-0000-4000-8000-0000000000' || id)::uuid, 'pta' || id, 'PTA of ' || name from pharmacy;
insert into auth.membership select ('c0de0000-0000-4000-8000-0000000000' || id)::uuid, id, 'pta, ' || name, true from pharmacy;
insert into auth.session select sha256(convert_to('9b1f6c7e-cookie-' || md5('apo' || id), 'UTF8')), ('c0de0000-0000-4000-8000-0000000000' || id)::uuid, id, now() + interval '10 days', 'counter 1, ' || name from pharmacy;
insert into customer select id, n, 'Customer ' || n || ', ' || name, 'none known, ' || name from pharmacy, generate_series(1, 3) n;
insert into stock select id, pzn, 12, 'drawer 4, ' || name from pharmacy, product;
insert into dispensing (pharmacy_id, customer_no, pzn, advice) select pharmacy_id, no, 4020784, 'with food, ' || full_name from customer;
insert into prescription_scan (pharmacy_id, customer_no, recognised) select pharmacy_id, no, 'Rp. Ibuprofen for ' || full_name from customer;
insert into purchase select id, 1, 'PHX', 4020784, 50, 'for ' || name from pharmacy;
insert into narcotics_book select id, 1, 1, 'Oxygesic +20, ' || name from pharmacy;

alter table pharmacy enable row level security;
create policy own on pharmacy for select using (id = auth.current_pharmacy());
do $$
declare t text;
begin
  foreach t in array array['customer', 'stock', 'dispensing', 'prescription_scan', 'purchase', 'narcotics_book'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy pharmacy on %I using (pharmacy_id = (select auth.current_pharmacy()))', t);
  end loop;
end $$;

grant usage on schema shop, auth to apotoken_gate;
revoke execute on all functions in schema auth from public;
grant execute on all functions in schema auth to apotoken_gate;
grant select on all tables in schema shop to apotoken_gate;
grant insert, update, delete on customer, stock, dispensing, prescription_scan, purchase to apotoken_gate;
grant insert on narcotics_book to apotoken_gate;
reset role;
reset search_path;
