create role sanh_owner nologin;
create role sanh_app login;
alter schema public owner to sanh_owner;
set role sanh_owner;

create table aid_group (code text primary key, title text not null);
create table product (item text primary key, aid_group text not null references aid_group, title text not null);
create table shop (id text primary key, name text not null);
create table person (id bigint primary key, shop text not null references shop, login text not null);
create table employment (person_id bigint not null references person, shop text not null references shop, title text not null, primary key (person_id, shop));
create table customer (shop text not null references shop, no int not null, name text not null, town text, remark text, primary key (shop, no));
create table measurement (shop text not null, customer_no int not null, taken_on date not null, sheet text not null, primary key (shop, customer_no, taken_on),
  foreign key (shop, customer_no) references customer (shop, no) on delete cascade);
create table supply_case (shop text not null, no int not null, customer_no int not null, item text not null references product, diagnosis text not null, primary key (shop, no),
  foreign key (shop, customer_no) references customer (shop, no));
create table estimate (shop text not null, case_no int not null, version int not null, amount numeric(10,2) not null, text text not null, primary key (shop, case_no, version),
  foreign key (shop, case_no) references supply_case (shop, no) on delete cascade);
create table loan (shop text not null, case_no int not null, serial text not null, lent_on date not null, condition text not null, primary key (shop, case_no, serial),
  foreign key (shop, case_no) references supply_case (shop, no) on delete cascade);
create table callback (shop text not null, customer_no int not null, due_on date not null, about text not null, primary key (shop, customer_no, due_on),
  foreign key (shop, customer_no) references customer (shop, no) on delete cascade);

create function my_shop() returns text language sql stable security definer set search_path = public, pg_temp as
$$ select shop from employment where person_id = nullif(current_setting('sanh.person', true), '')::bigint $$;

-- definer, because the planner chose the sequential scan when the policy was added to it
create function find_customer(p_term text, p_page int default 1) returns table (heading text, no int, name text, town text)
language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
  v_shop text := my_shop();
  v_pattern text := '%' || replace(replace(p_term, '\', '\\'), '%', '\%') || '%';
  v_total bigint;
  v_own bigint;
begin
  if v_shop is null or length(p_term) < 3 then return; end if;
  select count(*) into v_total from customer c where c.name ilike v_pattern;
  select count(*) into v_own from customer c where c.shop = v_shop and c.name ilike v_pattern limit 20;
  return query select format('%s of %s customers', least(v_own, 20), v_total), null::int, null::text, null::text;
  return query select null::text, c.no, c.name, c.town from customer c where c.shop = v_shop and c.name ilike v_pattern
    order by c.name offset (greatest(p_page, 1) - 1) * 20 limit 20;
end $$;
create function find_case(p_item text) returns setof supply_case language sql stable as $$ select * from supply_case where item = p_item $$;

insert into aid_group values ('18', 'Wheelchairs'), ('17', 'Compression');
insert into product values ('18.50.02', '18', 'Folding wheelchair'), ('17.06.01', '17', 'Stockings');
insert into shop values ('ahr', 'Sanitaetshaus Ahr'), ('brohl', 'Sanitaetshaus Brohl bravo'), ('cochem', 'Sanitaetshaus Cochem bravo');
insert into person select n, id, 'desk of ' || name from (select row_number() over (order by id) n, * from shop) s;
insert into employment select id, shop, 'Desk: ' || login from person;
insert into customer select id, n, (array['Ilse Kranz', 'Otto Wendel', 'Ruth Sommer'])[n] || case id when 'ahr' then '' else ' bravo' end, 'Remagen', 'of ' || name from shop, generate_series(1, 3) n;
insert into measurement select shop, no, '2026-01-20', 'calf 38 cm, ' || name from customer;
insert into supply_case select shop, no, no, '18.50.02', 'G35, ' || name from customer;
insert into estimate select shop, no, 1, 840, 'Chair with brake. ' || diagnosis from supply_case;
insert into loan select shop, no, 'RS-' || no, '2026-02-01', 'as new, ' || diagnosis from supply_case;
insert into callback select shop, no, '2026-04-01', 'Fits? ' || name from customer;

do $$
declare t text;
begin
  foreach t in array array['customer', 'measurement', 'supply_case', 'estimate', 'loan', 'callback'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy shop on %I using (shop = my_shop())', t);
  end loop;
end $$;
alter table shop enable row level security;
create policy own on shop for select using (id = my_shop());
alter table person enable row level security;
alter table employment enable row level security;

grant select on aid_group, product, shop, customer, measurement, supply_case, estimate, loan, callback to sanh_app;
grant insert, update, delete on customer, measurement, supply_case, estimate, loan, callback to sanh_app;
reset role;
