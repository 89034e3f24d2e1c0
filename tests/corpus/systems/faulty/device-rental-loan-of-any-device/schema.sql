create role drnt_owner nologin;
create role drnt_desk nologin;
create role drnt_api login noinherit;
grant drnt_desk to drnt_api;
create schema rental authorization drnt_owner;
set role drnt_owner;

create table rental.provider (id bigint primary key, name text not null);
create table rental.device_class (code text primary key, label text not null, deposit numeric(8,2) not null);
create table rental.insurer (ik text primary key, name text not null);
create table rental.depot (provider_id bigint not null references rental.provider, depot_no int not null, address text not null, primary key (provider_id, depot_no));
-- Devices are entered by the purchasing system. The maker's serial number is unique in the world.
create table rental.device (serial text primary key, provider_id bigint not null, class text not null references rental.device_class, depot_no int, condition text not null, foreign key (provider_id, depot_no) references rental.depot);
create table rental.customer (provider_id bigint not null references rental.provider, customer_no int not null, name text not null, address text, insurer text references rental.insurer, primary key (provider_id, customer_no));
create table rental.loan (
  provider_id bigint not null,
  loan_no int not null,
  customer_no int not null,
  serial text not null references rental.device (serial),
  out_on date not null default current_date,
  back_on date,
  remark text,
  primary key (provider_id, loan_no),
  foreign key (provider_id, customer_no) references rental.customer
);
create table rental.loan_invoice (provider_id bigint not null, loan_no int not null, month date not null, amount numeric(8,2) not null, subject text not null, primary key (provider_id, loan_no, month), foreign key (provider_id, loan_no) references rental.loan on delete cascade);
create table rental.maintenance (provider_id bigint not null references rental.provider, entry_no int not null, done_on date not null, report text not null, primary key (provider_id, entry_no));
create table rental.message (provider_id bigint not null, customer_no int not null, at timestamptz not null default clock_timestamp(), body text not null, foreign key (provider_id, customer_no) references rental.customer);

insert into rental.provider values (70001, 'Reha Elbe'), (70002, 'bravo Reha'), (70003, 'bravo Sanitaet');
insert into rental.device_class values ('o2', 'Oxygen concentrator', 100), ('wch', 'Wheelchair', 50), ('vent', 'Ventilator', 500);
insert into rental.insurer values ('101575519', 'TK'), ('108310400', 'AOK');
insert into rental.depot values (70001, 1, 'Kai 3'), (70002, 1, 'bravo Hof 1'), (70003, 1, 'bravo Ring 2');
insert into rental.device values ('O2-5512', 70001, 'o2', 1, 'new'), ('WC-0071', 70001, 'wch', 1, 'used'), ('O2-5513', 70002, 'o2', 1, 'bravo new'), ('VT-9001', 70002, 'vent', 1, 'bravo new'), ('WC-0444', 70003, 'wch', 1, 'bravo used');
insert into rental.customer values (70001, 1, 'Ole Hansen', 'Deich 1', '101575519'), (70002, 1, 'Pit bravo', 'bravo Weg 2', '108310400'), (70003, 1, 'Ria bravo', 'bravo Weg 9', null);
insert into rental.loan (provider_id, loan_no, customer_no, serial, out_on, remark) values (70001, 1, 1, 'O2-5512', '2026-01-01', null), (70002, 1, 1, 'VT-9001', '2026-01-02', 'bravo ALS'), (70003, 1, 1, 'WC-0444', '2026-01-03', 'bravo');
insert into rental.loan_invoice values (70001, 1, '2026-01-01', 80, 'January'), (70002, 1, '2026-01-01', 900, 'bravo January'), (70003, 1, '2026-01-01', 30, 'bravo January');
insert into rental.maintenance values (70001, 1, '2025-12-01', 'filter changed'), (70002, 1, '2025-12-01', 'bravo tested'), (70003, 1, '2025-12-02', 'bravo tyre');
insert into rental.message (provider_id, customer_no, body) values (70001, 1, 'please call'), (70002, 1, 'bravo please call'), (70003, 1, 'bravo thanks');

create function rental.provider_id() returns bigint language sql stable
  as $$ select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'provider')::bigint $$;
do $$
declare t text;
begin
  foreach t in array array['depot', 'device', 'customer', 'loan', 'loan_invoice', 'maintenance', 'message'] loop
    execute format('alter table rental.%I enable row level security', t);
    execute format('alter table rental.%I force row level security', t);
    execute format('create policy own on rental.%I to drnt_desk using (provider_id = (select rental.provider_id())) with check (provider_id = (select rental.provider_id()))', t);
  end loop;
end $$;
alter table rental.provider enable row level security;
create policy own on rental.provider to drnt_desk using (id = (select rental.provider_id()));

create function rental.take_back(p_loan int) returns date language sql
  as $$ update rental.loan set back_on = current_date where loan_no = p_loan and back_on is null returning back_on $$;
create function rental.stamp_return() returns trigger language plpgsql as $$
begin
  if new.back_on < new.out_on then
    raise exception 'returned before it went out';
  end if;
  return new;
end $$;
create trigger stamp_return before insert or update on rental.loan for each row execute function rental.stamp_return();

revoke all on all functions in schema rental from public;
grant usage on schema rental to drnt_desk;
grant execute on function rental.provider_id(), rental.take_back(int) to drnt_desk;
grant select on all tables in schema rental to drnt_desk;
grant insert, update, delete on rental.customer, rental.loan, rental.loan_invoice, rental.maintenance to drnt_desk;
grant insert on rental.message to drnt_desk;
reset role;
