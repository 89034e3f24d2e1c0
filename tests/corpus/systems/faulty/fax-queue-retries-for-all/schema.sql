create role apoq_owner nologin;
create role apoq_app login;
alter schema public owner to apoq_owner;
set role apoq_owner;

create table channel (code text primary key, title text not null, max_attempts int not null);
create table product (pzn bigint primary key, title text not null);
create table pharmacy (id bigint primary key, name text not null);
create table app_user (id bigint primary key, pharmacy_id bigint not null references pharmacy, login text not null);
create table membership (user_id bigint not null references app_user, pharmacy_id bigint not null references pharmacy, title text not null, until date, primary key (user_id, pharmacy_id));
create table doctor (pharmacy_id bigint not null references pharmacy, id int not null, name text not null, fax text, primary key (pharmacy_id, id));
create table customer (pharmacy_id bigint not null references pharmacy, id int not null, name text not null, allergy text, primary key (pharmacy_id, id));
create table refill (pharmacy_id bigint not null, id int not null, customer_id int not null, doctor_id int not null, pzn bigint not null references product, wish text not null,
  primary key (pharmacy_id, id),
  foreign key (pharmacy_id, customer_id) references customer (pharmacy_id, id),
  foreign key (pharmacy_id, doctor_id) references doctor (pharmacy_id, id));
create table outbox (
  pharmacy_id bigint not null references pharmacy,
  id uuid not null default gen_random_uuid(),
  channel text not null references channel,
  recipient text not null,
  body text not null,
  state text not null default 'queued' check (state in ('queued', 'sending', 'sent', 'failed')),
  attempts int not null default 0,
  retry_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (pharmacy_id, id)
);
create index on outbox (channel, state, created_at);
create table delivery (pharmacy_id bigint not null, message_id uuid not null, at timestamptz not null default now(), answer text not null, primary key (pharmacy_id, message_id, at),
  foreign key (pharmacy_id, message_id) references outbox (pharmacy_id, id) on delete cascade);

create function current_user_id() returns bigint language sql stable as $$ select nullif(current_setting('apo.user', true), '')::bigint $$;
create function my_pharmacies() returns setof bigint language sql stable security definer set search_path = public, pg_temp as
$$ select pharmacy_id from membership where user_id = current_user_id() and (until is null or until >= current_date) $$;

-- the sender in the shop's own computer asks for work every few seconds
create function take_messages(p_channel text, p_count int default 5) returns setof outbox
language sql volatile security definer set search_path = public, pg_temp as $$
  with next as (
    select o.pharmacy_id, o.id
    from outbox o
    where o.pharmacy_id in (select my_pharmacies())
      and o.channel = p_channel
      and o.state = 'queued'
      or o.state = 'failed' and o.retry_at <= now()
    order by o.created_at
    limit least(p_count, 20)
    for update skip locked
  )
  update outbox o set state = 'sending', attempts = o.attempts + 1, retry_at = null
  from next where o.pharmacy_id = next.pharmacy_id and o.id = next.id
  returning o.*
$$;
create function report_delivery(p_message uuid, p_ok boolean, p_answer text) returns text
language plpgsql security definer set search_path = public, pg_temp as $$
declare m outbox;
begin
  update outbox set state = case when p_ok then 'sent' else 'failed' end, retry_at = case when not p_ok then now() + interval '5 minutes' end
  where id = p_message and pharmacy_id in (select my_pharmacies()) and state = 'sending' returning * into m;
  if not found then return 'unknown'; end if;
  insert into delivery (pharmacy_id, message_id, answer) values (m.pharmacy_id, m.id, p_answer);
  return 'noted';
end $$;

insert into channel values ('fax', 'Fax', 8), ('kim', 'Secure mail', 3);
insert into product values (3295091, 'Metoprolol 47.5'), (2222222, 'Ramipril 5');
insert into pharmacy values (4100, 'Adler'), (4200, 'Brunnen bravo'), (4300, 'Christophorus bravo');
insert into app_user select id / 100, id, 'owner of ' || name from pharmacy;
insert into membership select u.id, u.pharmacy_id, 'Pharmacist: ' || u.login from app_user u;
insert into doctor select id, n, 'Dr ' || n || ' near ' || name, '0421 ' || n from pharmacy, generate_series(1, 2) n;
insert into customer select id, n, 'Customer ' || n || ' of ' || name, 'penicillin' from pharmacy, generate_series(1, 3) n;
insert into refill select pharmacy_id, id, id, 1, 3295091, 'N3 please for ' || name from customer;
insert into outbox (pharmacy_id, channel, recipient, body, state, attempts, retry_at)
  select r.pharmacy_id, 'fax', d.fax, 'New prescription needed. ' || r.wish, case r.id when 1 then 'queued' when 2 then 'failed' else 'sent' end, r.id,
    case when r.id = 2 then now() - interval '1 hour' end
  from refill r join doctor d on d.pharmacy_id = r.pharmacy_id and d.id = r.doctor_id;
insert into delivery select pharmacy_id, id, now(), 'busy: ' || body from outbox where state <> 'queued';

do $$
declare t text;
begin
  foreach t in array array['doctor', 'customer', 'refill', 'outbox', 'delivery'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy pharmacy on %I using (pharmacy_id in (select my_pharmacies()))', t);
  end loop;
end $$;
alter table pharmacy enable row level security;
create policy own on pharmacy for select using (id in (select my_pharmacies()));
alter table app_user enable row level security;
alter table membership enable row level security;

grant select on channel, product, pharmacy, doctor, customer, refill, outbox, delivery to apoq_app;
grant insert, update, delete on doctor, customer, refill to apoq_app;
grant insert on outbox to apoq_app;
reset role;
