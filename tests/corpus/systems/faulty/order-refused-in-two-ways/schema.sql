create role orw_owner nologin;
create role orw_app login;
alter schema public owner to orw_owner;
set role orw_owner;
create table pharmacy (pharmacy_id smallint primary key, name text not null);
create table medicine (code text primary key, generic_name text not null);
create table delivery_order (
  order_id bigint primary key, pharmacy_id smallint not null references pharmacy, customer text not null, address text not null,
  state text not null default 'new', unique (pharmacy_id, order_id));
create table delivery_item (
  pharmacy_id smallint not null, order_id bigint not null, code text not null references medicine, qty int not null, label text not null,
  primary key (pharmacy_id, order_id, code), foreign key (pharmacy_id, order_id) references delivery_order (pharmacy_id, order_id));
create table order_event (
  pharmacy_id smallint not null, order_id bigint not null, seq int not null, happened text not null,
  primary key (pharmacy_id, order_id, seq), foreign key (pharmacy_id, order_id) references delivery_order (pharmacy_id, order_id));
insert into pharmacy values (1, 'Annapurna Medicals'), (2, 'Balaji Medicals bravo');
insert into medicine values ('MTF500', 'Metformin 500 mg'), ('AML5', 'Amlodipine 5 mg');
insert into delivery_order values (41001, 1, 'Ashok', '4 Canal Road'), (41002, 2, 'Banu bravo', '9 Temple Street bravo'), (41003, 2, 'Bosco bravo', '1 Church Lane bravo');
insert into delivery_item values (1, 41001, 'MTF500', 30, 'after food'), (2, 41002, 'AML5', 30, 'morning bravo');
insert into order_event values (1, 41001, 1, 'received'), (2, 41002, 1, 'received bravo'), (2, 41003, 1, 'received bravo');
create function my_pharmacy() returns smallint language sql stable as $$ select nullif(current_setting('rx.pharmacy', true), '')::smallint $$;
create procedure cancel_order(p_order bigint, p_reason text default 'customer asked')
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  found_order public.delivery_order;
begin
  select * into found_order from public.delivery_order o where o.order_id = p_order for update;
  if not found then
    raise exception 'order % does not exist', p_order using errcode = 'no_data_found';
  end if;
  if found_order.pharmacy_id is distinct from public.my_pharmacy() then
    raise exception 'order % may not be cancelled from here', p_order using errcode = 'insufficient_privilege';
  end if;
  update public.delivery_order set state = 'cancelled' where order_id = p_order;
  insert into public.order_event select found_order.pharmacy_id, p_order, coalesce(max(e.seq), 0) + 1, 'cancelled: ' || p_reason
    from public.order_event e where e.pharmacy_id = found_order.pharmacy_id and e.order_id = p_order;
end $$;
revoke execute on procedure cancel_order(bigint, text) from public;
grant execute on procedure cancel_order(bigint, text) to orw_app;
alter table pharmacy enable row level security;
alter table delivery_order enable row level security;
alter table delivery_item enable row level security;
alter table order_event enable row level security;
create policy shop on pharmacy for select using (pharmacy_id = (select my_pharmacy()));
create policy shop on delivery_order using (pharmacy_id = (select my_pharmacy()));
create policy shop on delivery_item using (pharmacy_id = (select my_pharmacy()));
create policy shop on order_event for select using (pharmacy_id = (select my_pharmacy()));
grant select on medicine, pharmacy, order_event, delivery_order to orw_app;
grant update (address) on delivery_order to orw_app;
grant select, insert, delete on delivery_item to orw_app;
reset role;
