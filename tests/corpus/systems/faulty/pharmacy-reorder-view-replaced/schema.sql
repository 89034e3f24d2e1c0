create role qorvex_owner nologin;
create role qorvex_till login;
alter schema public owner to qorvex_owner;
set role qorvex_owner;

-- the till hands over the branches of the signed-in person: {3,4}
create function my_branches() returns int[] language sql stable
  return coalesce(nullif(current_setting('qorvex.branches', true), ''), '{}')::int[];

create table article (pzn text primary key, title text not null, pack text not null, controlled boolean not null default false);
create table wholesaler (code text primary key, title text not null);
create table branch (id int primary key, name text not null, licence text not null);
create table cashier (branch_id int not null references branch, initials text not null, full_name text not null, primary key (branch_id, initials));
create table stock (branch_id int not null references branch, pzn text not null references article, on_hand int not null, minimum int not null, shelf text not null, primary key (branch_id, pzn));
create table stock_move (branch_id int not null, pzn text not null, at timestamptz not null default clock_timestamp(), delta int not null, reason text not null,
  foreign key (branch_id, pzn) references stock (branch_id, pzn) on delete cascade);
create table customer (branch_id int not null references branch, no int not null, full_name text not null, allergy text, primary key (branch_id, no));
create table reservation (branch_id int not null, customer_no int not null, pzn text not null, wanted_on date not null, remark text,
  primary key (branch_id, customer_no, pzn),
  foreign key (branch_id, customer_no) references customer (branch_id, no) on delete cascade,
  foreign key (branch_id, pzn) references stock (branch_id, pzn));
create table purchase (branch_id int not null references branch, no int not null, wholesaler text not null references wholesaler, memo text, primary key (branch_id, no));

insert into article values ('00001', 'Ibuprofen 400', '20', false), ('00002', 'Metoprolol 47.5', '100', false), ('00003', 'Morphine 10', '20', true);
insert into wholesaler values ('PHX', 'Phoenix'), ('NOW', 'Noweda');
insert into branch values (3, 'Adler', 'L-3'), (4, 'Adler am Bahnhof bravo', 'L-4'), (7, 'Rosen bravo', 'L-7'), (9, 'Stern bravo', 'L-9');
insert into cashier select id, 'kt', 'Till of ' || name from branch;
insert into stock select id, pzn, 2, 5, 'drawer ' || pzn || ' ' || name from branch, article;
insert into stock_move select branch_id, pzn, '2026-02-01 09:00+00', -1, 'sold from ' || shelf from stock;
insert into customer select id, n, 'Customer ' || n || ' of ' || name, 'penicillin' from branch, generate_series(1, 2) n;
insert into reservation select branch_id, no, '00002', '2026-02-03', 'calls first: ' || full_name from customer;
insert into purchase select id, 1, 'PHX', 'standing order of ' || name from branch;

alter table branch enable row level security;
alter table cashier enable row level security;
alter table stock enable row level security;
alter table stock_move enable row level security;
alter table customer enable row level security;
alter table reservation enable row level security;
alter table purchase enable row level security;
create policy mine on branch for select using (id = any (my_branches()));
create policy mine on cashier using (branch_id = any (my_branches()));
create policy mine on stock using (branch_id = any (my_branches()));
create policy mine on stock_move using (branch_id = any (my_branches()));
create policy mine on customer using (branch_id = any (my_branches()));
create policy mine on reservation using (branch_id = any (my_branches()));
create policy mine on purchase using (branch_id = any (my_branches()));

-- 0031_views
create view v_shelf with (security_invoker = true) as
  select s.branch_id, s.pzn, a.title, s.on_hand, s.shelf from stock s join article a using (pzn);
create view v_reorder with (security_invoker = true) as
  select s.branch_id, s.pzn, a.title, s.minimum - s.on_hand as missing
  from stock s join article a using (pzn) where s.on_hand < s.minimum;
create view v_waiting with (security_invoker = true) as
  select r.branch_id, c.full_name, r.pzn, r.wanted_on from reservation r join customer c on (c.branch_id, c.no) = (r.branch_id, r.customer_no);

-- 0058_reorder_shows_who_waits
create or replace view v_reorder as
  select s.branch_id, s.pzn, a.title, s.minimum - s.on_hand as missing, s.shelf,
    (select string_agg(c.full_name, ', ' order by c.no)
       from reservation r join customer c on (c.branch_id, c.no) = (r.branch_id, r.customer_no)
      where (r.branch_id, r.pzn) = (s.branch_id, s.pzn)) as waiting
  from stock s join article a using (pzn) where s.on_hand < s.minimum;

-- 0061_stock_moves
create function take_out(p_branch int, p_pzn text, p_count int, p_reason text) returns int language plpgsql as $$
declare rest int;
begin
  update stock set on_hand = on_hand - p_count where branch_id = p_branch and pzn = p_pzn returning on_hand into rest;
  if rest is null then raise exception 'no such drawer'; end if;
  insert into stock_move (branch_id, pzn, delta, reason) values (p_branch, p_pzn, -p_count, p_reason);
  return rest;
end $$;

grant select on all tables in schema public to qorvex_till;
revoke insert, update, delete on v_shelf, v_reorder, v_waiting from qorvex_till;
grant insert, update, delete on cashier, stock, customer, reservation, purchase to qorvex_till;
grant insert on stock_move to qorvex_till;
reset role;
