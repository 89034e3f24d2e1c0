create role pcbs_owner nologin bypassrls;
create role pcbs_app login;
revoke create on schema public from public;
create schema data authorization pcbs_owner;
create schema api authorization pcbs_owner;
set role pcbs_owner;

create table data.substance (pzn text primary key, title text not null);
create table data.pharmacy (id uuid primary key, name text not null);
create table data.operator (pharmacy uuid not null references data.pharmacy, initials text not null, name text not null, primary key (pharmacy, initials));
create table data.session (token_hash bytea primary key, pharmacy uuid not null, initials text not null, device text, expires_at timestamptz not null, foreign key (pharmacy, initials) references data.operator);
create table data.customer (pharmacy uuid not null references data.pharmacy, no int not null, name text not null, born date, primary key (pharmacy, no));
create table data.stock (pharmacy uuid not null references data.pharmacy, pzn text not null references data.substance, batch text not null, left_over int not null check (left_over >= 0), shelf text, primary key (pharmacy, pzn, batch));
create table data.dispensing (pharmacy uuid not null, id uuid not null default gen_random_uuid(), customer_no int not null, pzn text not null, batch text not null, at timestamptz not null default now(), remark text, primary key (pharmacy, id),
  foreign key (pharmacy, customer_no) references data.customer, foreign key (pharmacy, pzn, batch) references data.stock);
create table data.device (pharmacy uuid not null references data.pharmacy, id uuid not null default gen_random_uuid(), name text not null, pairing_code text not null, paired_at timestamptz, primary key (pharmacy, id));
create table data.audit (pharmacy uuid not null, id uuid not null default gen_random_uuid(), at timestamptz not null default clock_timestamp(), initials text, call text not null, primary key (pharmacy, id));

insert into data.substance values ('01126111', 'Ibuprofen 400'), ('02478417', 'Amoxicillin 1000');
insert into data.pharmacy values ('a1000000-0000-4000-8000-000000000001', 'Pharmacy Anker'), ('b2000000-0000-4000-8000-000000000002', 'Pharmacy Boje bravo'), ('c3000000-0000-4000-8000-000000000003', 'Pharmacy Deich bravo');
insert into data.operator select id, 'MK', 'Operator of ' || name from data.pharmacy;
insert into data.session select sha256(convert_to('tok-' || left(id::text, 4) || '-' || md5(id::text), 'UTF8')), id, 'MK', 'Till 1 of ' || name, '2099-01-01' from data.pharmacy;
insert into data.customer select id, n, 'Customer ' || n || ' of ' || name, '1960-04-01' from data.pharmacy, generate_series(1, 3) n;
insert into data.stock select id, '01126111', 'CH7', 20, 'Drawer 4 of ' || name from data.pharmacy;
insert into data.dispensing (pharmacy, customer_no, pzn, batch, remark) select pharmacy, no, '01126111', 'CH7', 'After meals, ' || name from data.customer;
insert into data.device (pharmacy, name, pairing_code) select id, 'Scanner of ' || name, left(md5(name), 6) from data.pharmacy;
insert into data.audit (pharmacy, initials, call) select id, 'MK', 'Signed in at ' || name from data.pharmacy;

-- who calls? The application's connection says it with the token of the till
create function data.who() returns data.session language sql stable set search_path = data, pg_temp as $$
  select s from session s where token_hash = sha256(convert_to(current_setting('till.token', true), 'UTF8')) and expires_at > now()
$$;
create function data.ours() returns uuid language plpgsql stable set search_path = data, pg_temp as $$
declare s session := who();
begin
  if s.pharmacy is null then raise exception 'not signed in' using errcode = '28000'; end if;
  return s.pharmacy;
end $$;

create function api.customers(search text default '', sort text default 'name', at_most int default 50) returns table (no int, name text, born date)
language plpgsql stable security definer set search_path = data, pg_temp as $$
begin
  return query execute format(
    'select c.no, c.name, c.born from customer c where c.pharmacy = $1 and strpos(lower(c.name), lower($2)) > 0 order by c.%I limit $3',
    case when sort in ('no', 'name', 'born') then sort else 'name' end
  ) using ours(), search, at_most;
end $$;
create function api.customer(no int) returns jsonb language sql stable security definer set search_path = data, pg_temp as $$
  select to_jsonb(c) || jsonb_build_object('dispensings', coalesce((
    select jsonb_agg(to_jsonb(d) order by d.at) from dispensing d where d.pharmacy = c.pharmacy and d.customer_no = c.no), '[]'))
  from customer c where c.pharmacy = ours() and c.no = customer.no
$$;
create function api.stock(pzn text default null) returns setof data.stock language sql stable security definer set search_path = data, pg_temp as $$
  select * from stock s where s.pharmacy = ours() and (stock.pzn is null or s.pzn = stock.pzn)
$$;
create function api.dispense(customer_no int, pzn text, batch text, remark text default null) returns uuid language plpgsql security definer set search_path = data, pg_temp as $$
declare mine uuid := ours(); given uuid;
begin
  update stock s set left_over = s.left_over - 1 where s.pharmacy = mine and s.pzn = dispense.pzn and s.batch = dispense.batch and s.left_over > 0;
  if not found or not exists (select from customer c where c.pharmacy = mine and c.no = dispense.customer_no) then
    raise exception 'no such customer or nothing left' using errcode = 'P0002';
  end if;
  insert into dispensing as d (pharmacy, customer_no, pzn, batch, remark) values (mine, customer_no, dispense.pzn, dispense.batch, dispense.remark) returning d.id into given;
  insert into audit (pharmacy, initials, call) values (mine, (who()).initials, 'dispense ' || given);
  return given;
end $$;
-- a code pairs devices of the pharmacy that is signed in; of another it is an unknown code
create function api.pair_device(code text) returns text language plpgsql security definer set search_path = data, pg_temp as $$
declare paired text;
begin
  update device d set paired_at = now() where d.pharmacy = ours() and d.pairing_code = code and d.paired_at is null returning d.name into paired;
  return coalesce(paired, 'unknown code');
end $$;
create function api.recent_calls() returns setof data.audit language sql stable security definer set search_path = data, pg_temp as $$
  select * from audit where pharmacy = ours() order by at desc limit 100
$$;
-- for the operators' console
create function api.pharmacies() returns setof data.pharmacy language sql stable security definer set search_path = data, pg_temp as $$ select * from pharmacy $$;

do $$
declare t text;
begin
  for t in select tablename from pg_tables where schemaname = 'data' loop
    execute format('alter table data.%I enable row level security', t);
  end loop;
end $$;
revoke execute on all functions in schema data, api from public;
grant usage on schema api to pcbs_app;
grant execute on all functions in schema api to pcbs_app;
revoke execute on function api.pharmacies from pcbs_app;
reset role;
