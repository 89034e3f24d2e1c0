create role opsl_owner nologin;
create role opsl_practice nologin;
create role opsl_blick login;
create role opsl_klar login;
create role opsl_nah login;
grant opsl_practice to opsl_blick, opsl_klar, opsl_nah;
create schema catalog authorization opsl_owner;
create schema p_blick authorization opsl_owner;
create schema p_klar authorization opsl_owner;
create schema p_nah authorization opsl_owner;
set role opsl_owner;

create table catalog.manufacturer (code text primary key, name text not null);
create table catalog.lens (sku text primary key, manufacturer text not null references catalog.manufacturer, kind text not null, price numeric(8,2) not null);
create table catalog.schema_version (version int primary key, applied_at timestamptz not null default now(), what text not null);
insert into catalog.manufacturer values ('zs', 'Zeiss'), ('hy', 'Hoya');
insert into catalog.lens values ('zs-150', 'zs', 'single', 49), ('hy-prog', 'hy', 'progressive', 310);
insert into catalog.schema_version (version, what) values (1, 'base'), (2, 'stock'), (3, 'recall letters');
grant usage on schema catalog to opsl_practice;
grant select on all tables in schema catalog to opsl_practice;

-- Releases 1 and 2: every practice has a schema and a login of its own.
do $$
declare p record;
begin
  for p in select * from (values ('blick', ''), ('klar', 'bravo '), ('nah', 'bravo ')) as v (slug, mark) loop
    execute format('set local search_path = p_%s', p.slug);
    execute format('create table customer (customer_no int primary key, practice text not null default %L, name text not null, phone text)', p.slug);
    execute format('create table refraction (customer_no int not null references customer, measured date not null, practice text not null default %L, od text not null, os text not null, primary key (customer_no, measured))', p.slug);
    execute format('create table orders (order_no int primary key, customer_no int not null references customer, practice text not null default %L, sku text not null references catalog.lens, remark text)', p.slug);
    execute format('create table lens_stock (sku text primary key references catalog.lens, practice text not null default %L, pieces int not null, shelf text not null)', p.slug);
    execute format('create table visit_log (at timestamptz not null default clock_timestamp(), practice text not null default %L, entry text not null)', p.slug);
    execute format('insert into customer (customer_no, name, phone) values (1, %L, %L), (2, %L, null)', p.mark || 'Ruth', p.mark || '0171', p.mark || 'Sven');
    execute format('insert into refraction (customer_no, measured, od, os) values (1, ''2026-01-05'', %L, %L)', p.mark || '-1.25', p.mark || '-1.50');
    execute format('insert into orders (order_no, customer_no, sku, remark) values (1, 1, ''zs-150'', %L)', p.mark || 'hurry');
    execute format('insert into lens_stock (sku, pieces, shelf) values (''hy-prog'', 3, %L)', p.mark || 'A4');
    execute format('insert into visit_log (entry) values (%L)', p.mark || 'opened');
    execute format('create view open_orders as select o.order_no, c.name, o.sku, o.remark from orders o join customer c using (customer_no)');
    execute format('create function order_count(p_customer int) returns bigint language sql stable set search_path = p_%s, pg_temp as ''select count(*) from orders where customer_no = p_customer''', p.slug);
    execute 'revoke all on function order_count(int) from public';
    execute format('grant usage on schema p_%s to opsl_practice', p.slug);
    execute format('grant select, insert, update, delete on customer, refraction, orders, lens_stock to opsl_%s', p.slug);
    execute format('grant select, insert on visit_log to opsl_%s', p.slug);
    execute format('grant select on open_orders to opsl_%s', p.slug);
    execute format('grant execute on function order_count(int) to opsl_%s', p.slug);
  end loop;
end $$;

-- Release 3: letters that ask customers back after two years.
do $$
declare p record;
begin
  for p in select * from (values ('blick', ''), ('klar', 'bravo '), ('nah', 'bravo ')) as v (slug, mark) loop
    execute format('set local search_path = p_%s', p.slug);
    execute format('create table recall_letter (letter_no int primary key, customer_no int not null references customer, practice text not null default %L, due date not null, body text not null)', p.slug);
    execute format('insert into recall_letter (letter_no, customer_no, due, body) values (1, 1, ''2028-01-05'', %L)', p.mark || 'Dear customer, your eyes deserve a look');
    execute 'grant select on recall_letter to opsl_practice';
    execute format('grant insert, update, delete on recall_letter to opsl_%s', p.slug);
  end loop;
end $$;
reset role;
