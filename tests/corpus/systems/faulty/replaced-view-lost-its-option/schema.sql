create role optik_owner nologin;
create role optik_web login;
alter schema public owner to optik_owner;
revoke create on schema public from public;
set role optik_owner;

create table lens_type (code text primary key, title text not null, price numeric not null);
create table insurer (ik int primary key, name text not null);
create table branch (branch_id int primary key, title text not null, street text);
create table optician (branch_id int not null references branch, short text not null, full_name text not null, primary key (branch_id, short));
create table customer (branch_id int not null references branch, no int not null, full_name text not null, phone text, insurer_ik int references insurer,
  wants_recall boolean not null default true, primary key (branch_id, no));
create table refraction (branch_id int not null, customer_no int not null, measured_on date not null, eye char(2) not null check (eye in ('OD', 'OS')),
  sphere numeric not null, cylinder numeric, remark text, primary key (branch_id, customer_no, measured_on, eye),
  foreign key (branch_id, customer_no) references customer (branch_id, no) on delete cascade);
create table spectacle_order (branch_id int not null, order_no int not null, customer_no int not null, lens text not null references lens_type, frame text not null,
  state text not null default 'open', primary key (branch_id, order_no),
  foreign key (branch_id, customer_no) references customer (branch_id, no));
create table order_event (branch_id int not null, order_no int not null, at timestamptz not null, what text not null, primary key (branch_id, order_no, at),
  foreign key (branch_id, order_no) references spectacle_order on delete cascade);
create table recall (branch_id int not null, customer_no int not null, due_on date not null, channel text not null, message text not null, sent_at timestamptz,
  primary key (branch_id, customer_no, due_on),
  foreign key (branch_id, customer_no) references customer (branch_id, no) on delete cascade);

-- The gateway sets the branches that the signed-in person works in, as {11} or {11,12}.
create function my_branches() returns int[] language sql stable
  return coalesce(nullif(current_setting('optik.branches', true), '')::int[], '{}');

-- 0001
create view v_customer_card with (security_invoker = true) as
  select c.branch_id, c.no, c.full_name, c.phone, i.name as insurer, max(r.measured_on) as last_refraction
    from customer c left join insurer i on i.ik = c.insurer_ik left join refraction r on r.branch_id = c.branch_id and r.customer_no = c.no
   group by c.branch_id, c.no, c.full_name, c.phone, i.name;
create view v_order_board with (security_invoker = true) as
  select o.branch_id, o.order_no, o.state, o.frame, l.title as lens, c.full_name
    from spectacle_order o join lens_type l on l.code = o.lens join customer c on c.branch_id = o.branch_id and c.no = o.customer_no;
create view v_recall_due with (security_invoker = true) as
  select r.branch_id, r.customer_no, c.full_name, r.due_on, r.channel
    from recall r join customer c on c.branch_id = r.branch_id and c.no = r.customer_no
   where r.sent_at is null and c.wants_recall;

-- 0014: the call centre asked for the telephone number and the text
create or replace view v_recall_due as
  select r.branch_id, r.customer_no, c.full_name, r.due_on, r.channel, c.phone, r.message
    from recall r join customer c on c.branch_id = r.branch_id and c.no = r.customer_no
   where r.sent_at is null and c.wants_recall;

create function note_order_event() returns trigger language plpgsql as $$
begin
  insert into order_event values (new.branch_id, new.order_no, clock_timestamp(), 'state: ' || new.state);
  return null;
end $$;
create trigger event after update of state on spectacle_order for each row when (old.state is distinct from new.state) execute function note_order_event();

insert into lens_type values ('SV', 'single vision', 89), ('PRO', 'progressive', 349);
insert into insurer values (101575519, 'TK'), (104212505, 'AOK');
insert into branch values (11, 'Sehwerk Mitte', 'Marktstr. 1'), (21, 'Optik Bravo, bravo', 'Ring 4'), (31, 'Augenblick bravo', 'Hafen 9');
insert into optician select branch_id, 'ML', 'M. Lenz, ' || title from branch;
insert into customer select branch_id, n, 'Customer ' || n || ' of ' || title, '0511 77' || n, 101575519 from branch, generate_series(1, 3) n;
insert into refraction select branch_id, no, '2025-11-03', eye, -1.25, 0.5, 'dry eyes, ' || full_name from customer, unnest(array['OD', 'OS']) eye;
insert into spectacle_order select branch_id, no, no, 'SV', 'Titan, for ' || full_name from customer;
insert into order_event select branch_id, order_no, '2026-01-05 09:00+00', 'ordered: ' || frame from spectacle_order;
insert into recall select branch_id, no, '2026-11-03', 'sms', 'Dear ' || full_name || ', your eye test is due' from customer;

alter table branch enable row level security;
create policy mine on branch for select using (branch_id = any (my_branches()));
do $$
declare t text;
begin
  foreach t in array array['optician', 'customer', 'refraction', 'spectacle_order', 'order_event', 'recall'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy mine on %I using (branch_id = any (my_branches())) with check (branch_id = any (my_branches()))', t);
  end loop;
end $$;

grant select on all tables in schema public to optik_web;
grant insert, update, delete on optician, customer, refraction, spectacle_order, recall to optik_web;
grant insert on order_event to optik_web;
reset role;
