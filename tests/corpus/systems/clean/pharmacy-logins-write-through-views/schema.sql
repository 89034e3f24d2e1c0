create role apoview_owner nologin;
create role apoview_shop nologin;
create role apoview_linden login;
create role apoview_markt login;
create role apoview_hafen login;
grant apoview_shop to apoview_linden, apoview_markt, apoview_hafen;
create schema store authorization apoview_owner;
create schema api authorization apoview_owner;
set role apoview_owner;
set search_path = store;

create table article (pzn int primary key, title text not null, cold_chain boolean not null default false);
create table courier (code text primary key, title text not null);
create table pharmacy (key text primary key, login name not null unique, title text not null);
create table customer (pharmacy text not null references pharmacy, no int not null, full_name text not null, street text, note text, primary key (pharmacy, no));
create table delivery (
  pharmacy text not null, no int not null, customer_no int not null, courier text not null references courier, due date not null, remark text,
  primary key (pharmacy, no),
  foreign key (pharmacy, customer_no) references customer (pharmacy, no)
);
create table delivery_item (pharmacy text not null, delivery_no int not null, pzn int not null references article, packs int not null, hint text, primary key (pharmacy, delivery_no, pzn),
  foreign key (pharmacy, delivery_no) references delivery (pharmacy, no) on delete cascade);
create table signature (pharmacy text not null, delivery_no int not null, signed_by text not null, signed_at timestamptz not null, primary key (pharmacy, delivery_no),
  foreign key (pharmacy, delivery_no) references delivery (pharmacy, no) on delete cascade);
create table change_note (pharmacy text not null references pharmacy, id uuid not null default gen_random_uuid(), relation text not null, what text not null, at timestamptz not null default now(), primary key (pharmacy, id));

-- Every pharmacy signs in with a login of its own. SET ROLE and definer's rights do not change the session's user.
create function api.my_pharmacy() returns text language sql stable security definer set search_path = store, pg_temp as $$
  select p.key from pharmacy p where p.login = session_user
$$;

create view api.article as select pzn, title, cold_chain from article;
create view api.customer with (security_barrier) as
  select no, full_name, street, note from customer where pharmacy = api.my_pharmacy();
create view api.delivery with (security_barrier) as
  select d.no, d.customer_no, c.full_name, d.courier, d.due, d.remark, s.signed_by
    from delivery d
    join customer c on c.pharmacy = d.pharmacy and c.no = d.customer_no
    left join signature s on s.pharmacy = d.pharmacy and s.delivery_no = d.no
   where d.pharmacy = api.my_pharmacy();
create view api.delivery_item with (security_barrier) as
  select i.delivery_no, i.pzn, a.title, i.packs, i.hint
    from delivery_item i join article a using (pzn) where i.pharmacy = api.my_pharmacy();
create view api.change_note with (security_barrier) as
  select relation, what, at from change_note where pharmacy = api.my_pharmacy();

-- The screens know no pharmacy; the views put it in.
create function store.write_customer() returns trigger language plpgsql security definer set search_path = store, pg_temp as $$
declare
  mine text := api.my_pharmacy();
begin
  if mine is null then
    raise exception 'this login belongs to no pharmacy' using errcode = '42501';
  end if;
  if tg_op = 'INSERT' then
    insert into customer values (mine, new.no, new.full_name, new.street, new.note);
  elsif tg_op = 'UPDATE' then
    update customer c set no = new.no, full_name = new.full_name, street = new.street, note = new.note where c.pharmacy = mine and c.no = old.no;
  else
    delete from customer c where c.pharmacy = mine and c.no = old.no;
    return old;
  end if;
  insert into change_note (pharmacy, relation, what) values (mine, 'customer', lower(tg_op) || ' ' || new.no);
  return new;
end $$;
create trigger written instead of insert or update or delete on api.customer for each row execute function store.write_customer();

create function store.write_delivery() returns trigger language plpgsql security definer set search_path = store, pg_temp as $$
declare
  mine text := api.my_pharmacy();
begin
  if mine is null then
    raise exception 'this login belongs to no pharmacy' using errcode = '42501';
  end if;
  if tg_op = 'INSERT' then
    insert into delivery values (mine, new.no, new.customer_no, new.courier, new.due, new.remark);
  elsif tg_op = 'UPDATE' then
    update delivery d set courier = new.courier, due = new.due, remark = new.remark where d.pharmacy = mine and d.no = old.no;
  else
    delete from delivery d where d.pharmacy = mine and d.no = old.no;
    return old;
  end if;
  insert into change_note (pharmacy, relation, what) values (mine, 'delivery', lower(tg_op) || ' ' || new.no);
  return new;
end $$;
create trigger written instead of insert or update or delete on api.delivery for each row execute function store.write_delivery();

create function api.sign_delivery(delivery int, name text) returns boolean language plpgsql security definer set search_path = store, pg_temp as $$
begin
  insert into signature
    select d.pharmacy, d.no, name, now() from delivery d where d.pharmacy = api.my_pharmacy() and d.no = delivery
    on conflict (pharmacy, delivery_no) do nothing;
  return found;
end $$;

insert into article values (4020784, 'Ibuflam 600', false), (2345678, 'Insulin glargine', true);
insert into courier values ('RAD', 'Bicycle'), ('AUTO', 'Car');
insert into pharmacy values ('linden', 'apoview_linden', 'Linden-Apotheke'), ('markt', 'apoview_markt', 'Markt bravo'), ('hafen', 'apoview_hafen', 'Hafen bravo');
insert into customer select key, n, 'Customer ' || n || ', ' || title, 'Elm ' || n, 'second floor, ' || title from pharmacy, generate_series(1, 4) n;
insert into delivery select pharmacy, no, no, 'RAD', '2026-08-03', 'ring twice, ' || full_name from customer;
insert into delivery_item select pharmacy, no, 2345678, 2, 'keep cold: ' || remark from delivery;
insert into signature select pharmacy, no, 'neighbour, ' || remark, '2026-08-03 16:00+00' from delivery where no < 3;
insert into change_note (pharmacy, relation, what) select key, 'customer', 'imported for ' || title from pharmacy;

grant usage on schema api to apoview_shop;
revoke execute on all functions in schema api from public;
grant execute on all functions in schema api to apoview_shop;
grant select on all tables in schema api to apoview_shop;
grant insert, update, delete on api.customer, api.delivery to apoview_shop;
reset role;
reset search_path;
