create role qwo_owner nologin;
create role qwo_worker login;
create role qwo_t_alto nologin;
create role qwo_t_brio nologin;
create role qwo_t_cora nologin;
create role qwo_web login noinherit;
grant qwo_t_alto, qwo_t_brio, qwo_t_cora to qwo_web;
create schema rx;
create schema jobs;
grant usage, create on schema rx, jobs to qwo_owner;
grant usage on schema rx to qwo_t_alto, qwo_t_brio, qwo_t_cora;
grant usage on schema jobs to qwo_worker, qwo_t_alto, qwo_t_brio, qwo_t_cora;
set role qwo_owner;

create table rx.drug (code text primary key, label text not null);
create table rx.pharmacy (tenant text primary key, name text not null);
create table rx.customer (tenant text not null references rx.pharmacy, no int not null, name text not null, primary key (tenant, no));
create table rx.erx (
  tenant text not null, no int not null, customer_no int not null, drug text not null references rx.drug, remark text, primary key (tenant, no),
  foreign key (tenant, customer_no) references rx.customer
);
create table jobs.queue (
  tenant text not null references rx.pharmacy, no int not null, kind text not null, payload jsonb not null, state text not null default 'ready',
  primary key (tenant, no)
);
create table jobs.dead_letter (tenant text not null references rx.pharmacy, at timestamptz not null default clock_timestamp(), payload jsonb not null, error text);
create table jobs.worker_note (at timestamptz not null default clock_timestamp(), text text not null);

insert into rx.drug values ('d1', 'Amoxicillin'), ('d2', 'Methadone');
insert into rx.pharmacy values ('alto', 'Alto'), ('brio', 'Brio bravo'), ('cora', 'bravo Cora');
insert into rx.customer values ('alto', 1, 'Ali'), ('brio', 1, 'Bao bravo'), ('cora', 1, 'Cai bravo');
insert into rx.erx values ('alto', 1, 1, 'd1', 'ok'), ('brio', 1, 1, 'd2', 'bravo'), ('cora', 1, 1, 'd2', 'bravo');
insert into jobs.queue values
  ('alto', 1, 'send', '{"customer": "Ali"}', 'ready'), ('brio', 1, 'send', '{"customer": "Bao bravo"}', 'ready'), ('cora', 1, 'send', '{"customer": "Cai bravo"}', 'running');
insert into jobs.dead_letter (tenant, payload, error) values ('alto', '{}', 'timeout'), ('brio', '{"customer": "bravo"}', 'bravo'), ('cora', '{"customer": "bravo"}', 'bravo');

create function rx.tenant() returns text language sql stable as $$ select substring(current_user::text from '^qwo_t_(.*)$') $$;
do $$
declare t text;
begin
  foreach t in array array['rx.pharmacy', 'rx.customer', 'rx.erx', 'jobs.queue', 'jobs.dead_letter'] loop
    execute format('alter table %s enable row level security', t);
    execute format('create policy tenant on %s using (tenant = rx.tenant())', t);
  end loop;
end $$;
-- The worker serves all pharmacies; no pharmacy's role is the worker's.
create policy worker on jobs.queue to qwo_worker using (true);
create policy worker on jobs.dead_letter to qwo_worker using (true);

-- As who it runs it is the owner, so the tenant comes from the row.
create function jobs.enqueue() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into jobs.queue (tenant, no, kind, payload)
  select new.tenant, coalesce(max(q.no), 0) + 1, lower(tg_op), to_jsonb(new) from jobs.queue q where q.tenant = new.tenant;
  return null;
end $$;
create trigger enqueue after insert or update on rx.erx for each row execute function jobs.enqueue();

create function jobs.claim(p_limit int default 10) returns setof jobs.queue
language sql security definer set search_path = pg_catalog, pg_temp as $$
  update jobs.queue q set state = 'running'
    from (select tenant, no from jobs.queue where state = 'ready' order by no limit p_limit for update skip locked) d
   where (q.tenant, q.no) = (d.tenant, d.no)
  returning q.*
$$;
create function jobs.bury(p_tenant text, p_no int, p_error text) returns void
language sql security definer set search_path = pg_catalog, pg_temp as $$
  with gone as (delete from jobs.queue where tenant = p_tenant and no = p_no returning tenant, payload)
  insert into jobs.dead_letter (tenant, payload, error) select tenant, payload, p_error from gone
$$;

-- A pharmacy's view of its own jobs: it runs as its owner, who may see all, and asks who looks.
create view jobs.mine with (security_barrier) as
  select no, kind, state, payload ->> 'customer' as customer from jobs.queue where tenant = rx.tenant();

create function jobs.cancel(p_no int) returns void language sql as $$
  update jobs.queue set state = 'cancelled' where no = p_no and state = 'ready'
$$;

revoke execute on all functions in schema rx, jobs from public;
grant execute on function rx.tenant(), jobs.cancel(int) to qwo_t_alto, qwo_t_brio, qwo_t_cora;
grant execute on function jobs.claim(int), jobs.bury(text, int, text) to qwo_worker;
grant select, insert, update, delete on jobs.queue, jobs.dead_letter, jobs.worker_note to qwo_worker;
grant select on rx.drug, rx.pharmacy to qwo_t_alto, qwo_t_brio, qwo_t_cora;
grant select, insert, update, delete on rx.customer, rx.erx to qwo_t_alto, qwo_t_brio, qwo_t_cora;
grant select on jobs.mine, jobs.dead_letter to qwo_t_alto, qwo_t_brio, qwo_t_cora;
grant select, update (state) on jobs.queue to qwo_t_alto, qwo_t_brio, qwo_t_cora;
reset role;
grant usage on schema rx to qwo_worker;
grant execute on function rx.tenant() to qwo_worker;
