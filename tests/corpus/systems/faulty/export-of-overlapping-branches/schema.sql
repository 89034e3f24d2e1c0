create role eob_owner nologin;
create role eob_app login;
revoke create on schema public from public;
grant create on schema public to eob_owner;
set role eob_owner;

create table drug (pzn text primary key, label text not null, narcotic boolean not null default false);
create table supplier (code text primary key, label text not null);
create table branch (id int primary key, name text not null);
create table staff (branch_id int not null references branch, login text not null, name text not null, primary key (branch_id, login));
create table customer (branch_id int not null references branch, no int not null, name text not null, allergies text, primary key (branch_id, no));
create table prescription (
  branch_id int not null, no int not null, customer_no int not null, pzn text not null references drug, doctor text,
  primary key (branch_id, no), foreign key (branch_id, customer_no) references customer
);
create table dispensing (
  branch_id int not null, no int not null, prescription_no int not null, given_on date not null default current_date, remark text,
  primary key (branch_id, no), foreign key (branch_id, prescription_no) references prescription
);
create table stock (branch_id int not null references branch, pzn text not null references drug, lot text not null, pieces int not null, primary key (branch_id, pzn, lot));
create table purchase_order (branch_id int not null references branch, no int not null, supplier text not null references supplier, note text, primary key (branch_id, no));
create table export_log (branch_id int not null references branch, at timestamptz not null default clock_timestamp(), what text not null);

insert into drug values ('001', 'Ibuprofen', false), ('002', 'Fentanyl', true);
insert into supplier values ('ph', 'Phoenix'), ('no', 'Noweda');
insert into branch values (11, 'Station'), (21, 'bravo Market'), (22, 'bravo Mall'), (31, 'bravo Harbour');
insert into staff values (11, 'ali', 'Ali'), (21, 'bea', 'Bea bravo'), (22, 'ben', 'Ben bravo'), (31, 'cem', 'Cem bravo');
insert into customer values (11, 1, 'Aldo', 'nuts'), (21, 1, 'Berta bravo', 'bravo'), (22, 1, 'Bodo bravo', 'bravo'), (31, 1, 'Carl bravo', 'bravo');
insert into prescription values (11, 1, 1, '001', 'Dr A'), (21, 1, 1, '002', 'Dr bravo'), (22, 1, 1, '001', 'Dr bravo'), (31, 1, 1, '002', 'Dr bravo');
insert into dispensing values (11, 1, 1, '2024-01-01', 'ok'), (21, 1, 1, '2024-01-01', 'bravo'), (22, 1, 1, '2024-01-02', 'bravo'), (31, 1, 1, '2024-01-03', 'bravo');
insert into stock values (11, '001', 'L1', 10), (21, '002', 'bravo-L2', 3), (22, '001', 'bravo-L3', 4), (31, '002', 'bravo-L4', 5);
insert into purchase_order values (11, 1, 'ph', 'weekly'), (21, 1, 'ph', 'bravo'), (22, 1, 'no', 'bravo'), (31, 1, 'no', 'bravo');
insert into export_log (branch_id, what) values (11, 'stock'), (21, 'bravo stock'), (22, 'bravo stock'), (31, 'bravo stock');

-- A manager signs in for the branches he looks after.
create function my_branches() returns int[] language sql stable as $$
  select coalesce(nullif(current_setting('rx.branches', true), '')::int[], '{}')
$$;

do $$
declare t text;
begin
  foreach t in array array['staff', 'customer', 'prescription', 'dispensing', 'stock', 'purchase_order', 'export_log'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy my_branches on %I using (branch_id = any (my_branches()))', t);
  end loop;
end $$;
alter table branch enable row level security;
create policy my_branches on branch using (id = any (my_branches()));

create function log_export(p_branches int[], p_what text) returns void
language sql security definer set search_path = pg_catalog, public, pg_temp as $$
  insert into export_log (branch_id, what) select b, p_what from unnest(p_branches) b where b = any (my_branches())
$$;

create function export_stock(p_branches int[]) returns table (branch_id int, drug text, lot text, pieces int)
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if not p_branches <@ my_branches() then
    raise exception 'not your branch' using errcode = '42501';
  end if;
  perform log_export(p_branches, 'stock');
  return query select s.branch_id, d.label, s.lot, s.pieces from stock s join drug d using (pzn) where s.branch_id = any (p_branches);
end $$;

-- The narcotics book for the authority: the export must not miss a line, so it runs with the owner's rights and checks by itself.
create function export_dispensings(p_branches int[], p_from date default '-infinity', p_narcotic_only boolean default false)
returns table (branch_id int, given_on date, customer text, drug text, doctor text, remark text)
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if not p_branches && my_branches() then
    raise exception 'not your branch' using errcode = '42501';
  end if;
  perform log_export(p_branches, 'dispensings');
  return query
    select d.branch_id, d.given_on, c.name, g.label, p.doctor, d.remark
      from dispensing d
      join prescription p on p.branch_id = d.branch_id and p.no = d.prescription_no
      join customer c on c.branch_id = p.branch_id and c.no = p.customer_no
      join drug g on g.pzn = p.pzn
     where d.branch_id = any (p_branches)
       and d.given_on >= p_from
       and (g.narcotic or not p_narcotic_only)
     order by 1, 2;
end $$;

revoke execute on all functions in schema public from public;
grant execute on function my_branches(), export_stock(int[]), export_dispensings(int[], date, boolean) to eob_app;
grant select on drug, supplier, branch, staff, export_log to eob_app;
grant select, insert, update, delete on customer, prescription, dispensing, stock, purchase_order to eob_app;
reset role;
