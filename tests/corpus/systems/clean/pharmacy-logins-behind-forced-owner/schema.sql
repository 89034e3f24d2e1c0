create role plf_owner nologin;
create role plf_counter nologin;
create role plf_rose login;
create role plf_swan login;
create role plf_lion login;
grant plf_counter to plf_rose, plf_swan, plf_lion;
create schema rx authorization plf_owner;
set role plf_owner;

create table rx.drug (pzn int primary key, title text not null, controlled boolean not null default false);
create table rx.insurer (ik int primary key, title text not null);
create table rx.reject_reason (code text primary key, title text not null);
create table rx.shop (id smallint primary key, login name not null unique, name text not null);
create table rx.customer (shop_id smallint not null references rx.shop, no int not null, full_name text not null, ik int references rx.insurer, primary key (shop_id, no));
create table rx.shelf (shop_id smallint not null references rx.shop, pzn int not null references rx.drug, pieces int not null check (pieces >= 0), place text not null, primary key (shop_id, pzn));
create table rx.script (
  shop_id smallint not null, no int not null, customer_no int not null, pzn int not null references rx.drug, prescriber text not null, filled_on date,
  primary key (shop_id, no),
  foreign key (shop_id, customer_no) references rx.customer (shop_id, no)
);
create table rx.sale (
  shop_id smallint not null, no int not null, script_no int, pzn int not null references rx.drug, pieces int not null check (pieces > 0), till text not null,
  primary key (shop_id, no),
  foreign key (shop_id, script_no) references rx.script (shop_id, no)
);
create table rx.reject (
  shop_id smallint not null, script_no int not null, code text not null references rx.reject_reason, wording text not null,
  primary key (shop_id, script_no, code),
  foreign key (shop_id, script_no) references rx.script (shop_id, no) on delete cascade
);
create table rx.narcotics_book (
  shop_id smallint not null references rx.shop, no int not null, pzn int not null references rx.drug, pieces int not null, receiver text not null, primary key (shop_id, no)
);
create table rx.basket (shop_id smallint not null references rx.shop, no int not null, put_by text not null, wish text not null, put_at timestamptz not null default now(), primary key (shop_id, no));

insert into rx.drug values (123, 'Ibuprofen 400', false), (456, 'Fentanyl 25', true), (789, 'Metformin 850', false);
insert into rx.insurer values (101, 'Statutory'), (202, 'Private');
insert into rx.reject_reason values ('SIG', 'Signature missing');
insert into rx.shop values (1, 'plf_rose', 'Rose'), (2, 'plf_swan', 'Swan bravo'), (3, 'plf_lion', 'Lion bravo');
insert into rx.customer select id, n, 'Customer ' || n || ' of ' || name, 101 from rx.shop, generate_series(1, 3) n;
insert into rx.shelf select id, pzn, 40, 'Drawer of ' || name from rx.shop, rx.drug;
insert into rx.script select shop_id, no, no, 789, 'Dr who treats ' || full_name, '2026-01-09' from rx.customer;
insert into rx.sale select shop_id, no, no, 789, 1, 'Till, ' || prescriber from rx.script;
insert into rx.reject select shop_id, no, 'SIG', 'Send back to ' || prescriber from rx.script where no = 1;
insert into rx.narcotics_book select shop_id, no, 456, 2, full_name from rx.customer where no = 2;
insert into rx.basket select shop_id, no, full_name, 'Cough syrup for ' || full_name, '2020-01-01' from rx.customer;

do $$
declare t text;
begin
  foreach t in array array['customer', 'shelf', 'script', 'sale', 'reject', 'narcotics_book', 'basket'] loop
    execute format('alter table rx.%I enable row level security, force row level security', t);
    execute format('create policy shop on rx.%I using (shop_id = (select s.id from rx.shop s where s.login = session_user))', t);
  end loop;
end $$;
alter table rx.shop enable row level security, force row level security;
create policy shop on rx.shop using (login = session_user);
create policy never_changed on rx.narcotics_book as restrictive for update using (false);
create policy never_removed on rx.narcotics_book as restrictive for delete using (false);

-- the owner is under its own policies, and who is asking is the login, whatever function or view stands between
create view rx.shelf_worth as
  select d.title, s.pieces, s.place from rx.shelf s join rx.drug d using (pzn);
create view rx.script_history as
  select c.full_name, p.no, d.title, p.prescriber, p.filled_on
    from rx.script p
    join rx.customer c on c.no = p.customer_no
    join rx.drug d using (pzn);

create function rx.clear_baskets() returns bigint language sql security definer set search_path = rx, pg_temp as $$
  with gone as (delete from basket where put_at < now() - interval '1 day' returning no)
  select count(*) from gone
$$;
create function rx.find_customer(part text) returns setof rx.customer language sql stable security definer set search_path = rx, pg_temp as $$
  select * from customer where full_name ilike '%' || part || '%' order by no
$$;
create function rx.next_book_no() returns int language sql stable security definer set search_path = rx, pg_temp as $$
  select coalesce(max(no), 0) + 1 from narcotics_book
$$;
create function rx.sold() returns trigger language plpgsql security definer set search_path = rx, pg_temp as $$
begin
  update shelf set pieces = pieces - new.pieces where pzn = new.pzn;
  insert into narcotics_book (shop_id, no, pzn, pieces, receiver)
    select new.shop_id, next_book_no(), new.pzn, new.pieces, new.till from drug where pzn = new.pzn and controlled;
  return null;
end $$;
create trigger sold after insert on rx.sale for each row execute function rx.sold();

grant usage on schema rx to plf_counter;
grant select on all tables in schema rx to plf_counter;
grant insert, update, delete on rx.customer, rx.shelf, rx.script, rx.reject, rx.basket to plf_counter;
grant insert on rx.sale to plf_counter;
reset role;
