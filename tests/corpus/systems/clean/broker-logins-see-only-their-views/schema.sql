create role maklernetz_owner nologin;
create role maklernetz_broker nologin;
create role maklernetz_adams login in role maklernetz_broker;
create role maklernetz_brandt login in role maklernetz_broker;
create role maklernetz_cordes login in role maklernetz_broker;
revoke all on schema public from public;
create schema data authorization maklernetz_owner;
create schema api authorization maklernetz_owner;
set role maklernetz_owner;

create table data.product (code text primary key, insurer text not null, title text not null, yearly_cents int not null);
create table data.cover (product text not null references data.product, code text not null, title text not null, primary key (product, code));
create table data.broker (broker text primary key, name text not null, vat_no text not null);
create table data.broker_login (login name primary key, broker text not null references data.broker, remark text not null);

create function api.my_broker() returns text language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select l.broker from data.broker_login l where l.login = session_user
$$;

-- the broker of a row is the default; no view shows the column, so that no statement can name it
create table data.customer (
  broker text not null default api.my_broker() references data.broker, no int not null, name text not null, address text, health_note text, primary key (broker, no));
create table data.contract (
  broker text not null default api.my_broker(), no int not null, customer_no int not null, product text not null references data.product, starts_on date not null, remark text,
  primary key (broker, no), foreign key (broker, customer_no) references data.customer (broker, no));
create table data.commission (
  broker text not null default api.my_broker(), contract_no int not null, month date not null, cents int not null, statement text not null, primary key (broker, contract_no, month),
  foreign key (broker, contract_no) references data.contract (broker, no));
create table data.claim_report (
  broker text not null default api.my_broker(), no int not null, contract_no int not null, story text not null, reported_at timestamptz not null default now(), primary key (broker, no),
  foreign key (broker, contract_no) references data.contract (broker, no));
create table data.appointment (
  broker text not null default api.my_broker(), no int not null, customer_no int not null, at timestamptz not null, place text not null, primary key (broker, no),
  foreign key (broker, customer_no) references data.customer (broker, no) on delete cascade);
create table data.history (broker text not null default api.my_broker(), at timestamptz not null default clock_timestamp(), what text not null);

insert into data.product values ('KV1', 'Hansa', 'Hospital daily allowance', 24000), ('PV2', 'Alpina', 'Care supplement', 31000);
insert into data.cover values ('KV1', 'one', 'single room'), ('PV2', 'deg', 'from degree 2');
insert into data.broker values ('adams', 'Adams', 'DE11'), ('brandt', 'Brandt bravo', 'DE22 bravo'), ('cordes', 'Cordes bravo', 'DE33 bravo');
insert into data.broker_login select 'maklernetz_' || broker, broker, 'since 2024, ' || name from data.broker;
insert into data.customer select broker, n, 'Customer ' || n || ' of ' || name, n || ' Ring, ' || name, 'asthma, says ' || name from data.broker, generate_series(1, 3) n;
insert into data.contract select broker, no, no, 'KV1', '2025-01-01', 'waiting period waived, ' || name from data.customer;
insert into data.commission select broker, no, '2026-02-01', 4200, 'February, ' || remark from data.contract;
insert into data.claim_report (broker, no, contract_no, story) select broker, no, no, 'Ten days in hospital, ' || remark from data.contract where no < 3;
insert into data.appointment select broker, no, no, '2026-05-04 17:00+02', 'at home of ' || name from data.customer;
insert into data.history (broker, what) select broker, 'signed: ' || remark from data.contract;

create view api.product with (security_barrier) as select code, insurer, title, yearly_cents from data.product;
create view api.customer with (security_barrier) as
  select no, name, address, health_note from data.customer where broker = api.my_broker() with cascaded check option;
create view api.contract with (security_barrier) as
  select no, customer_no, product, starts_on, remark from data.contract where broker = api.my_broker() with cascaded check option;
create view api.commission with (security_barrier) as
  select contract_no, month, cents, statement from data.commission where broker = api.my_broker();
create view api.claim_report with (security_barrier) as
  select no, contract_no, story, reported_at from data.claim_report where broker = api.my_broker();
create view api.appointment with (security_barrier) as
  select no, customer_no, at, place from data.appointment where broker = api.my_broker() with cascaded check option;
create view api.history with (security_barrier) as select at, what from data.history where broker = api.my_broker();
create view api.me with (security_barrier) as select name, vat_no from data.broker where broker = api.my_broker();

-- both halves of the join carry the broker
create view api.contract_sheet with (security_barrier) as
  select k.no, c.name as customer, p.title, k.remark
    from data.contract k
    join data.customer c on c.broker = k.broker and c.no = k.customer_no
    join data.product p on p.code = k.product
   where k.broker = api.my_broker();
create function api.save_sheet() returns trigger language plpgsql security definer set search_path = data, pg_temp as $$
begin
  update contract set remark = new.remark where broker = api.my_broker() and no = old.no;
  return new;
end $$;
create trigger save instead of update on api.contract_sheet for each row execute function api.save_sheet();

-- the journal is written whatever view the change came through
create function data.write_history() returns trigger language plpgsql security definer set search_path = data, pg_temp as $$
begin
  insert into history (broker, what) values (new.broker, tg_op || ' ' || new.no);
  return null;
end $$;
create trigger write_history after insert or update on data.contract for each row execute function data.write_history();

create function api.report_claim(contract int, story text) returns int language plpgsql security definer set search_path = data, pg_temp as $$
declare next_no int;
  who constant text := api.my_broker();
begin
  if not exists (select from contract k where k.broker = who and k.no = report_claim.contract) then raise exception 'no such contract'; end if;
  select coalesce(max(r.no), 0) + 1 into next_no from claim_report r where r.broker = who;
  insert into claim_report (broker, no, contract_no, story) values (who, next_no, contract, report_claim.story);
  return next_no;
end $$;
create function api.find_customer(term text) returns setof api.customer language sql stable security definer set search_path = data, pg_temp as $$
  select c.no, c.name, c.address, c.health_note from customer c
   where c.broker = api.my_broker() and (c.name ilike '%' || term || '%' or c.address ilike '%' || term || '%')
$$;

grant usage on schema api to maklernetz_broker;
grant select on all tables in schema api to maklernetz_broker;
grant insert, update, delete on api.customer, api.contract, api.appointment to maklernetz_broker;
grant update (remark) on api.contract_sheet to maklernetz_broker;
reset role;
