create role apoflow_owner nologin;
create role apoflow_app login;
alter schema public owner to apoflow_owner;
revoke create on schema public from public;
create schema internal authorization apoflow_owner;
set role apoflow_owner;

create table product (pzn text primary key, name text not null, pack text not null);
create table carrier (code text primary key, title text not null);
create table pharmacy (id bigint primary key, name text not null);
create table staff (pharmacy_id bigint not null references pharmacy, no int not null, name text not null, primary key (pharmacy_id, no));
create table internal.session (
  token_hash bytea primary key, pharmacy_id bigint not null references pharmacy, staff_no int not null, agent text not null, expires_at timestamptz not null,
  foreign key (pharmacy_id, staff_no) references staff (pharmacy_id, no));
create table internal.counter (pharmacy_id bigint not null references pharmacy, kind text not null, value int not null default 0, remark text not null, primary key (pharmacy_id, kind));
create table customer (pharmacy_id bigint not null references pharmacy, no int not null, name text not null, address text not null, primary key (pharmacy_id, no));
create table sales_order (
  pharmacy_id bigint not null, no int not null, customer_no int not null, carrier text references carrier, note text not null, ordered_at timestamptz not null default now(),
  primary key (pharmacy_id, no), foreign key (pharmacy_id, customer_no) references customer (pharmacy_id, no));
create table order_line (
  pharmacy_id bigint not null, order_no int not null, pos int not null, pzn text not null references product, note text, primary key (pharmacy_id, order_no, pos),
  foreign key (pharmacy_id, order_no) references sales_order (pharmacy_id, no) on delete cascade);
create table job (
  pharmacy_id bigint not null references pharmacy, id uuid not null default gen_random_uuid(), kind text not null, payload jsonb not null, run_after timestamptz not null default now(),
  taken_by text, done_at timestamptz, primary key (pharmacy_id, id));
create index on job (run_after) where done_at is null;
create table recall_notice (pharmacy_id bigint not null references pharmacy, pzn text not null references product, body text not null, primary key (pharmacy_id, pzn));
create table ledger (pharmacy_id bigint not null references pharmacy, at timestamptz not null default clock_timestamp(), what text not null);

insert into product values ('02532741', 'Ibuprofen 400', '20'), ('04324188', 'Insulin glargin', '10x3 ml');
insert into carrier values ('BOTE', 'own messenger'), ('POST', 'parcel');
insert into pharmacy values (801, 'Adler-Apotheke'), (802, 'Bären-Apotheke bravo'), (803, 'Löwen-Apotheke bravo');
insert into staff select id, 1, 'PTA of ' || name from pharmacy;
insert into internal.session
  select sha256(convert_to(t.token, 'UTF8')), t.id, 1, 'Firefox at ' || p.name, '2099-01-01'
    from (values (801, 'tok-Zx81-adler'), (802, 'tok-Qm17-baer'), (803, 'tok-Wd55-loewe')) t (id, token) join pharmacy p using (id);
insert into internal.counter select id, 'order', 3, 'orders of ' || name from pharmacy;
insert into customer select id, n, 'Customer ' || n || ' of ' || name, n || ' Kirchgasse, ' || name from pharmacy, generate_series(1, 3) n;
insert into sales_order select pharmacy_id, no, no, 'BOTE', 'ring at the side, ' || name from customer;
insert into order_line select pharmacy_id, no, 1, '04324188', 'keep cool, ' || note from sales_order;
insert into job (pharmacy_id, kind, payload) select pharmacy_id, 'label', jsonb_build_object('order', no, 'text', note) from sales_order;
insert into recall_notice select id, '02532741', 'stock checked at ' || name from pharmacy;
insert into ledger (pharmacy_id, what) select pharmacy_id, 'ordered: ' || note from sales_order;

-- the login sets apo.token per transaction; nobody can tell a token from its hash
create function current_pharmacy() returns bigint language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select s.pharmacy_id from internal.session s
   where s.token_hash = sha256(convert_to(nullif(current_setting('apo.token', true), ''), 'UTF8')) and s.expires_at > now()
$$;
do $$
declare t text;
begin
  foreach t in array array['staff', 'customer', 'sales_order', 'order_line', 'job', 'recall_notice', 'ledger'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy session on %I using (pharmacy_id = (select current_pharmacy())) with check (pharmacy_id = (select current_pharmacy()))', t);
  end loop;
end $$;
alter table pharmacy enable row level security;
create policy session on pharmacy for select using (id = (select current_pharmacy()));

-- takes the oldest job of the session's pharmacy; skips what another worker holds
create function take_job(worker text) returns setof job language plpgsql security definer set search_path = public, pg_temp as $$
declare mine constant bigint := current_pharmacy();
begin
  return query
    update job set taken_by = worker
     where (job.pharmacy_id, job.id) = (
       select j.pharmacy_id, j.id from job j
        where j.pharmacy_id = mine and j.taken_by is null and j.done_at is null and j.run_after <= now()
        order by j.run_after limit 1 for update skip locked)
    returning job.*;
end $$;
create function finish_job(wanted uuid) returns boolean language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update job set done_at = now() where id = wanted and pharmacy_id = current_pharmacy() and taken_by is not null;
  return found;
end $$;
create function jobs_waiting() returns bigint language sql stable security definer set search_path = public, pg_temp as $$
  select count(*) from job where pharmacy_id = current_pharmacy() and done_at is null
$$;

-- numbers without gaps, each pharmacy from its own counter
create function next_number(wanted_kind text) returns int language plpgsql security definer set search_path = internal, pg_temp as $$
declare got int;
begin
  update counter c set value = c.value + 1 where c.pharmacy_id = public.current_pharmacy() and c.kind = wanted_kind returning c.value into got;
  if got is null then raise exception 'no such number range' using errcode = 'no_data_found'; end if;
  return got;
end $$;

-- sorted and filtered as the list on the screen asks; both names are checked, the term is a parameter
create function search_orders(term text, sort_by text default 'no') returns table (no int, customer text, note text)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  if sort_by not in ('no', 'customer', 'note') then raise exception 'cannot sort by that'; end if;
  return query execute format(
    'select o.no, c.name, o.note from sales_order o join customer c on c.pharmacy_id = o.pharmacy_id and c.no = o.customer_no
      where o.pharmacy_id = current_pharmacy() and (c.name ilike $1 or o.note ilike $1) order by %s limit 100',
    case sort_by when 'customer' then '2' when 'note' then '3' else '1' end) using '%' || term || '%';
end $$;

create function log_off() returns void language sql security definer set search_path = pg_catalog, pg_temp as $$
  delete from internal.session where token_hash = sha256(convert_to(nullif(current_setting('apo.token', true), ''), 'UTF8'))
$$;

grant select on all tables in schema public to apoflow_app;
grant insert, update, delete on staff, customer, sales_order, order_line, recall_notice to apoflow_app;
grant insert (pharmacy_id, kind, payload, run_after) on job to apoflow_app;
grant insert on ledger to apoflow_app;
reset role;
