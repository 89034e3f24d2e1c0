create role rxgroup_owner nologin;
create role rxgroup_pharmacy nologin;
create role rxgroup_cover_2025 nologin;
create role rxgroup_linden login in role rxgroup_pharmacy;
create role rxgroup_bergtor login in role rxgroup_pharmacy;
create role rxgroup_castell login in role rxgroup_pharmacy;
create role rxgroup_dom login in role rxgroup_pharmacy;
alter schema public owner to rxgroup_owner;
set role rxgroup_owner;

create table drug (pzn text primary key, name text not null, narcotic boolean not null default false);
create table supplier (id int primary key, name text not null);
create table outlet (login name primary key, title text not null, street text);
create table outlet_staff (login name not null references outlet, no int not null, full_name text not null, primary key (login, no));
create table customer (login name not null references outlet, no int not null, full_name text not null, insurance text, primary key (login, no));
create table customer_allergy (login name not null, customer_no int not null, substance text not null, primary key (login, customer_no, substance),
  foreign key (login, customer_no) references customer (login, no) on delete cascade);
create table prescription (login name not null, no int not null, customer_no int not null, pzn text not null references drug, doctor text not null, primary key (login, no),
  foreign key (login, customer_no) references customer (login, no));
create table dispensing (login name not null, prescription_no int not null, at timestamptz not null, by_whom text not null, primary key (login, prescription_no, at),
  foreign key (login, prescription_no) references prescription (login, no));
create table stock_item (login name not null references outlet, pzn text not null references drug, shelf text not null, pieces int not null, primary key (login, pzn));
create table stock_move (login name not null, id uuid not null default gen_random_uuid(), pzn text not null, pieces int not null, why text not null, primary key (login, id),
  foreign key (login, pzn) references stock_item (login, pzn));
create table supplier_order (login name not null references outlet, no int not null, supplier_id int not null references supplier, remark text not null, primary key (login, no));
create table counter_cash (login name not null references outlet, day date not null, cashier text not null, amount numeric(10, 2), primary key (login, day));

insert into drug values ('0001', 'Paracetamol', false), ('0002', 'Fentanyl', true);
insert into supplier values (1, 'Phoenix'), (2, 'Gehe');
insert into outlet values ('rxgroup_linden', 'Linden-Apotheke', 'Markt 1'), ('rxgroup_bergtor', 'Bergtor bravo', 'Tor 2 bravo'),
  ('rxgroup_castell', 'Castell bravo', 'Burg 3 bravo'), ('rxgroup_dom', 'Dom bravo', 'Platz 4 bravo');
insert into outlet_staff select login, 1, 'PTA of ' || title from outlet;
insert into customer select login, n, 'Customer ' || n || ' of ' || title, 'AOK ' || title from outlet, generate_series(1, 2) n;
insert into customer_allergy select login, no, 'penicillin, ' || full_name from customer;
insert into prescription select login, no, no, '0002', 'Dr. for ' || full_name from customer;
insert into dispensing select login, no, '2026-01-05 12:00+01', doctor from prescription;
insert into stock_item select login, pzn, 'shelf ' || title, 20 from outlet, drug;
insert into stock_move (login, pzn, pieces, why) select login, pzn, -1, 'broken, ' || shelf from stock_item;
insert into supplier_order select login, 1, 1, 'urgent for ' || title from outlet;
insert into counter_cash select login, '2026-01-05', 'PTA of ' || title, 812.40 from outlet;

do $$
declare t text;
begin
  foreach t in array array['outlet', 'outlet_staff', 'customer', 'customer_allergy', 'prescription', 'dispensing', 'stock_item', 'stock_move', 'supplier_order', 'counter_cash'] loop
    execute format('alter table %I enable row level security', t);
    -- also those who cover for a pharmacy
    execute format($p$create policy mine on %I to rxgroup_pharmacy using (pg_has_role(current_user, login, 'usage'))$p$, t);
  end loop;
end $$;
grant select on all tables in schema public to rxgroup_pharmacy;
grant insert, update, delete on outlet_staff, customer, customer_allergy, prescription, dispensing, stock_item, stock_move, supplier_order, counter_cash to rxgroup_pharmacy;
reset role;

-- August 2025: Linden covers for Bergtor
grant rxgroup_bergtor to rxgroup_cover_2025;
grant rxgroup_cover_2025 to rxgroup_linden;
