create role ivory_sled_owner nologin;
create role ivory_sled_worker nologin;
create role ivory_sled_t1 nologin;
create role ivory_sled_t2 nologin;
create role ivory_sled_t3 nologin;
create role ivory_sled_pool login noinherit;
grant ivory_sled_t1, ivory_sled_t2, ivory_sled_t3 to ivory_sled_pool;
alter schema public owner to ivory_sled_owner;
create schema engine authorization ivory_sled_owner;
set role ivory_sled_owner;

create table assay (code text primary key, title text not null, unit text not null);
create table carrier (code text primary key, title text not null);
create table branch (role name primary key, prefix text not null, title text not null);
create table patient (branch name not null default current_user references branch, no int not null, full_name text not null, primary key (branch, no));
create table lab_order (branch name not null default current_user, no text not null, patient_no int not null, note text not null, state text not null default 'new', primary key (branch, no),
  foreign key (branch, patient_no) references patient (branch, no) on delete cascade);
create table order_item (branch name not null default current_user, order_no text not null, assay text not null references assay, value numeric, comment text, primary key (branch, order_no, assay),
  foreign key (branch, order_no) references lab_order (branch, no) on delete cascade);
create table shipment (branch name not null default current_user, order_no text not null, carrier text not null references carrier, label text not null, primary key (branch, order_no),
  foreign key (branch, order_no) references lab_order (branch, no) on delete cascade);
-- no grants: written by the trigger, taken from by the worker
create table engine.number_drawer (branch name not null, year int not null, last int not null, remark text not null, primary key (branch, year));
create table engine.job (branch name not null, id bigint generated always as identity, kind text not null, payload jsonb not null, taken_at timestamptz, primary key (branch, id));
grant usage on schema engine to ivory_sled_worker;

insert into assay values ('GLU', 'Glucose', 'mg/dl'), ('CRP', 'C-reactive protein', 'mg/l');
insert into carrier values ('own', 'Own driver');
insert into branch values ('ivory_sled_t1', 'A', 'Labor Aue'), ('ivory_sled_t2', 'B', 'Labor Berg bravo'), ('ivory_sled_t3', 'C', 'Labor Camp bravo');
insert into engine.number_drawer select role, 2026, 3, 'drawer of ' || title from branch;
insert into patient select role, n, 'Patient ' || n || ' of ' || title from branch, generate_series(1, 3) n;
insert into lab_order select p.branch, b.prefix || '-2026-' || p.no, p.no, 'fasting, ' || full_name from patient p join branch b on b.role = p.branch;
insert into order_item select branch, no, 'GLU', 98, 'ok, ' || note from lab_order;
insert into shipment select branch, no, 'own', 'box of ' || note from lab_order;
insert into engine.job (branch, kind, payload) select branch, 'fax', jsonb_build_object('text', note) from lab_order;

-- the tenant is the row's, which the policy has yet to agree to: a refused row takes its number back
create function engine.draw_number() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare n int;
begin
  insert into engine.number_drawer as d values (new.branch, 2026, 1, 'drawn')
    on conflict (branch, year) do update set last = d.last + 1 returning last into n;
  new.no := (select b.prefix from public.branch b where b.role = new.branch) || '-2026-' || n;
  return new;
end $$;
create function engine.queue_fax() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into engine.job (branch, kind, payload) values (new.branch, 'fax', jsonb_build_object('order', new.no, 'text', new.note));
  return null;
end $$;
create function engine.take_job() returns setof engine.job language sql security definer set search_path = pg_catalog, pg_temp
begin atomic
  update engine.job set taken_at = now() where (branch, id) = (select branch, id from engine.job where taken_at is null order by id limit 1 for update skip locked) returning *;
end;
revoke execute on all functions in schema engine from public;
grant execute on function engine.take_job to ivory_sled_worker;
create trigger numbered before insert on lab_order for each row execute function engine.draw_number();
create trigger faxed after insert on lab_order for each row execute function engine.queue_fax();

alter table branch enable row level security;
create policy by_role on branch for select using (role = current_user);
do $$
declare t text;
begin
  foreach t in array array['patient', 'lab_order', 'order_item', 'shipment'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy by_role on %I using (branch = current_user) with check (branch = current_user)', t);
  end loop;
end $$;

grant select on all tables in schema public to ivory_sled_t1, ivory_sled_t2, ivory_sled_t3;
grant insert, update, delete on patient, order_item, shipment to ivory_sled_t1, ivory_sled_t2, ivory_sled_t3;
grant insert (branch, patient_no, note), update (note, state), delete on lab_order to ivory_sled_t1, ivory_sled_t2, ivory_sled_t3;
reset role;
