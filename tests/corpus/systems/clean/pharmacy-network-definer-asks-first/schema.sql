create role phnetq_owner nologin;
create role phnetq_app login;
alter schema public owner to phnetq_owner;
set role phnetq_owner;

create table drug (pzn text primary key, title text not null, narcotic boolean not null default false);
create table health_fund (ik text primary key, name text not null);
-- published by the chamber and open to everybody
create table night_duty (day date not null, shop int not null, hotline text not null, primary key (day, shop));
create table shop (id int primary key, name text not null);
create table worker (shop int not null references shop, no int not null, name text not null, may_narcotics boolean not null default false, primary key (shop, no));
create table customer (shop int not null references shop, no int not null, name text not null, allergy text not null, primary key (shop, no));
create table prescription (
  shop int not null, id uuid not null default gen_random_uuid(), customer_no int not null, pzn text not null references drug, fund text references health_fund,
  state text not null default 'received' check (state in ('received', 'ready', 'handed over', 'reopened')), remark text not null, primary key (shop, id),
  foreign key (shop, customer_no) references customer (shop, no)
);
create table dispense_log (shop int not null, id uuid not null default gen_random_uuid(), prescription uuid not null, worker_no int not null, said text not null, primary key (shop, id),
  foreign key (shop, prescription) references prescription (shop, id) on delete cascade);
create table stock (shop int not null references shop, pzn text not null references drug, qty int not null, place text not null, primary key (shop, pzn));
create table delivery_run (shop int not null references shop, no int not null, driver text not null, primary key (shop, no));

create function my_shop() returns int language sql stable
  return (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'shop')::int;

insert into drug values ('111', 'Ramipril 5', false), ('222', 'Fentanyl patch', true), ('333', 'Salbutamol', false);
insert into health_fund values ('109', 'TK'), ('104', 'AOK');
insert into shop values (3, 'Adler'), (4, 'Brunnen bravo'), (5, 'Central bravo');
insert into night_duty values ('2026-09-01', 3, '0800 1'), ('2026-09-02', 4, '0800 2'), ('2026-09-03', 5, '0800 3');
insert into worker select id, n, 'Worker ' || n || ' of ' || name, n = 1 from shop, generate_series(1, 2) n;
insert into customer select id, n, 'Customer ' || n || ' of ' || name, 'penicillin, ' || name from shop, generate_series(1, 3) n;
insert into prescription (shop, id, customer_no, pzn, remark)
  select c.shop, ('0000000' || c.shop || '-0000-4000-8000-00000000000' || c.no)::uuid, c.no, case when c.no = 2 then '222' else '111' end, 'no substitute, ' || c.name from customer c;
insert into dispense_log (shop, prescription, worker_no, said) select shop, id, 1, 'checked; ' || remark from prescription;
insert into stock select s.id, d.pzn, 10, 'drawer at ' || s.name from shop s, drug d;
insert into delivery_run select id, 1, 'Driver of ' || name from shop;

do $$
declare t text;
begin
  foreach t in array array['worker', 'customer', 'prescription', 'dispense_log', 'stock', 'delivery_run'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy of_shop on %I using (shop = my_shop())', t);
  end loop;
end $$;
alter table shop enable row level security;
create policy of_shop on shop for select using (id = my_shop());

-- all of these run with the owner's rights and are told whose row they are to open
create function assert_shop(asked int) returns void language plpgsql stable as $$
begin
  if asked is distinct from my_shop() or my_shop() is null then
    raise exception 'not your shop' using errcode = '42501';
  end if;
end $$;

create function open_prescription(of_shop int, wanted uuid) returns jsonb language plpgsql stable security definer set search_path = public, pg_temp as $$
declare answer jsonb;
begin
  perform assert_shop(of_shop);
  select to_jsonb(p) || jsonb_build_object('customer', c.name, 'allergy', c.allergy) into answer
    from prescription p join customer c on c.shop = p.shop and c.no = p.customer_no
    where p.shop = of_shop and p.id = wanted;
  return answer;
end $$;

create function hand_over(wanted uuid, by_worker int) returns text language plpgsql security definer set search_path = public, pg_temp as $$
declare p prescription; strong boolean;
begin
  select * into p from prescription where shop = my_shop() and id = wanted for update;
  if not found then
    return 'unknown';
  end if;
  select narcotic into strong from drug where pzn = p.pzn;
  if strong and not exists (select from worker where shop = p.shop and no = by_worker and may_narcotics) then
    return 'not allowed to hand out narcotics';
  end if;
  update prescription set state = 'handed over' where shop = p.shop and id = p.id;
  update stock set qty = qty - 1 where shop = p.shop and pzn = p.pzn;
  insert into dispense_log (shop, prescription, worker_no, said) values (p.shop, p.id, by_worker, 'handed over');
  return 'handed over';
end $$;

create function reopen_all(of_shop int, ids uuid[]) returns int language plpgsql security definer set search_path = public, pg_temp as $$
declare done int;
begin
  perform assert_shop(of_shop);
  update prescription set state = 'reopened' where id = any (ids) and shop = of_shop and state = 'handed over';
  get diagnostics done = row_count;
  return done;
end $$;

create function on_duty(at date) returns text language sql stable security definer set search_path = public, pg_temp as $$
  select hotline from night_duty where day = at
$$;

grant select on drug, health_fund, night_duty, shop, worker, customer, prescription, dispense_log, stock, delivery_run to phnetq_app;
grant insert, update, delete on worker, customer, delivery_run to phnetq_app;
grant update (qty, place) on stock to phnetq_app;
grant insert on prescription to phnetq_app;
reset role;
