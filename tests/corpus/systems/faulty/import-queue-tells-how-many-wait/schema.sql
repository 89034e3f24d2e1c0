create role iqth_owner nologin;
create role iqth_anon nologin;
create role iqth_staff nologin;
create role iqth_authenticator login noinherit;
grant iqth_anon, iqth_staff to iqth_authenticator;
alter schema public owner to iqth_owner;
revoke create on schema public from public;
create schema work authorization iqth_owner;
set role iqth_owner;

create table file_kind (code text primary key, title text not null);
create table pharmacy (code text primary key, name text not null);
create table branch (pharmacy text not null references pharmacy, no int not null, street text not null, primary key (pharmacy, no));
create table customer (pharmacy text not null references pharmacy, no int not null, name text not null, insurance_no text, primary key (pharmacy, no), unique (pharmacy, insurance_no));
create table article (pharmacy text not null references pharmacy, pzn text not null, title text not null, price numeric(9, 2), primary key (pharmacy, pzn));
create table import_job (
  pharmacy text not null references pharmacy,
  id uuid not null default gen_random_uuid(),
  kind text not null references file_kind,
  filename text not null,
  state text not null default 'waiting' check (state in ('waiting', 'running', 'done', 'failed')),
  queued_at timestamptz not null default clock_timestamp(),
  primary key (pharmacy, id)
);
create index on import_job (queued_at) where state = 'waiting';
create table import_row (pharmacy text not null, job uuid not null, line int not null, data jsonb not null, problem text, primary key (pharmacy, job, line),
  foreign key (pharmacy, job) references import_job on delete cascade);
create table work.worker (name text primary key, seen_at timestamptz, running text);
create table change_log (pharmacy text not null references pharmacy, id uuid not null default gen_random_uuid(), tab text not null, was jsonb, became jsonb, primary key (pharmacy, id));

create function mine() returns text language sql stable return nullif(current_setting('request.jwt.claims', true), '')::json ->> 'pharmacy';

insert into file_kind values ('customers', 'Customers as CSV'), ('articles', 'Articles as CSV');
insert into pharmacy values ('adler', 'Adler Pharmacy'), ('baeren', 'Bären Pharmacy bravo'), ('central', 'Central Pharmacy bravo');
insert into branch select code, 1, 'Market Square, ' || name from pharmacy;
insert into customer select code, n, 'Customer ' || n || ' of ' || name, 'K10' || n from pharmacy, generate_series(1, 2) n;
insert into article select code, '0153', 'Own cough syrup of ' || name, 6.90 from pharmacy;
insert into import_job (pharmacy, kind, filename, state, queued_at)
  select code, 'customers', 'customers ' || name || ' ' || n || '.csv', case n when 1 then 'done' else 'waiting' end, '2026-01-10 08:00+01'::timestamptz + n * interval '1 minute'
  from pharmacy, generate_series(1, case code when 'adler' then 1 else 3 end) n;
insert into import_job (pharmacy, kind, filename, queued_at) values ('adler', 'articles', 'articles Adler Pharmacy.csv', '2026-01-10 09:00+01');
insert into import_row select pharmacy, id, 1, jsonb_build_object('file', filename, 'name', 'New customer'), null from import_job;
insert into work.worker values ('importer-1', now(), null);

create function log_change() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into change_log (pharmacy, tab, was, became)
  values (coalesce(new.pharmacy, old.pharmacy), tg_table_name, to_jsonb(old), to_jsonb(new));
  return null;
end $$;
create trigger log_change after insert or update or delete on customer for each row execute function log_change();
create trigger log_change after insert or update or delete on article for each row execute function log_change();
update customer set name = name;

do $$
declare t text;
begin
  foreach t in array array['branch', 'customer', 'article', 'import_job', 'import_row', 'change_log'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy staff on %I to iqth_staff using (pharmacy = mine()) with check (pharmacy = mine())', t);
  end loop;
end $$;
alter table pharmacy enable row level security;
create policy own on pharmacy for select to iqth_staff using (code = mine());

-- "your file is number 3": shown beside the progress bar. One importer works for all
create function import_position(job uuid) returns bigint language plpgsql stable security definer set search_path = public, pg_temp as $$
declare own import_job := (select i from import_job i where i.pharmacy = mine() and i.id = job and i.state = 'waiting');
begin
  if own.id is null then return null; end if;
  return 1 + (select count(*) from import_job i where i.state = 'waiting' and i.queued_at < own.queued_at);
end $$;

-- the rows of one's own file become customers; those that are known are changed
create function run_import(job uuid) returns int language plpgsql security definer set search_path = public, pg_temp as $$
declare done int;
begin
  insert into customer as c (pharmacy, no, name, insurance_no)
  select r.pharmacy, (select coalesce(max(x.no), 0) from customer x where x.pharmacy = mine()) + r.line, r.data ->> 'name', r.data ->> 'insurance_no'
  from import_row r join import_job j on j.pharmacy = r.pharmacy and j.id = r.job
  where r.pharmacy = mine() and r.job = run_import.job and j.kind = 'customers' and r.data ? 'name'
  on conflict (pharmacy, insurance_no) do update set name = excluded.name;
  get diagnostics done = row_count;
  update import_job i set state = 'done' where i.pharmacy = mine() and i.id = run_import.job;
  return done;
end $$;
revoke execute on function import_position, run_import from public;
grant execute on function import_position, run_import to iqth_staff;

grant select on file_kind to iqth_anon, iqth_staff;
grant select on pharmacy, branch, customer, article, import_job, import_row, change_log to iqth_staff;
grant insert, update, delete on branch, customer, article, import_row to iqth_staff;
grant insert (pharmacy, kind, filename), delete on import_job to iqth_staff;
reset role;
