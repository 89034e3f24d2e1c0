create role mwsp_owner nologin;
create role mwsp_pool login noinherit;
create role mwsp_rose nologin;
create role mwsp_dill nologin;
create role mwsp_fern nologin;
create role mwsp_any nologin;
grant mwsp_any to mwsp_rose, mwsp_dill, mwsp_fern;
grant mwsp_rose, mwsp_dill, mwsp_fern to mwsp_pool;
create schema core authorization mwsp_owner;
create schema m_rose authorization mwsp_owner;
create schema m_dill authorization mwsp_owner;
create schema m_fern authorization mwsp_owner;
set role mwsp_owner;

create table core.practice (slug text primary key, db_role name not null unique, title text not null);
create table core.fee (code text primary key, title text not null, amount numeric(8,2) not null);
create table core.drug (code text primary key, title text not null);
insert into core.practice values ('rose', 'mwsp_rose', 'Rose Midwives'), ('dill', 'mwsp_dill', 'bravo Dill'), ('fern', 'mwsp_fern', 'bravo Fern');
insert into core.fee values ('v1', 'Visit at home', 38.46), ('v2', 'Advice by phone', 7.21);
insert into core.drug values ('folic', 'Folic acid'), ('iron', 'Iron');
alter table core.practice enable row level security;
create policy own on core.practice using (db_role = current_user);

do $$
declare p record;
begin
  for p in select slug, db_role, case slug when 'rose' then '' else 'bravo ' end as mark from core.practice loop
    execute format('set local search_path = m_%s', p.slug);
    execute format('create table woman (woman_no int primary key, practice text not null default %L check (practice = %L), name text not null, due date)', p.slug, p.slug);
    execute format('create table visit (visit_no int primary key, practice text not null default %L check (practice = %L), woman_no int not null references woman, fee text not null references core.fee, finding text)', p.slug, p.slug);
    execute format('create table birth (woman_no int primary key references woman, practice text not null default %L check (practice = %L), report text not null)', p.slug, p.slug);
    execute format('create table archive (woman_no int primary key, practice text not null default %L check (practice = %L), name text not null, archived_at timestamptz not null default now())', p.slug, p.slug);
    execute format('insert into woman (woman_no, name, due) values (1, %L, ''2026-11-01''), (2, %L, ''2026-12-01'')', p.mark || 'Nora', p.mark || 'Orla');
    execute format('insert into visit (visit_no, woman_no, fee, finding) values (1, 1, ''v1'', %L)', p.mark || 'all well');
    execute format('insert into birth (woman_no, report) values (2, %L)', p.mark || 'at home');
    execute format('insert into archive (woman_no, name) values (90, %L)', p.mark || 'Ruth');
    execute 'create view agenda as select w.name, w.due, count(v.*) as visits from woman w left join visit v using (woman_no) group by w.woman_no, w.name, w.due';
    -- Every practice may name every schema; what is in it is granted to its own role alone.
    execute format('grant usage on schema m_%s to mwsp_any', p.slug);
    execute format('grant select, insert, update, delete on woman, visit, birth to %I', p.db_role);
    execute format('grant select on archive, agenda to %I', p.db_role);
  end loop;
end $$;

create function core.my_schema() returns text language sql stable
  as $$ select 'm_' || slug from core.practice $$;

-- Definer and with the schema as an argument; current_user is the owner here, so the role that was set is asked for.
create function core.archive_woman(p_schema text, p_woman int) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  mine text := (select 'm_' || slug from core.practice where db_role = current_setting('role'));
  name text;
begin
  if mine is null or p_schema is distinct from mine then
    raise exception 'not your practice' using errcode = '42501';
  end if;
  execute format('select w.name from %I.woman w where w.woman_no = $1', p_schema) into name using p_woman;
  if name is null then
    return false;
  end if;
  execute format('insert into %I.archive (woman_no, name) values ($1, $2) on conflict (woman_no) do nothing', p_schema) using p_woman, name;
  return true;
end $$;

create function core.find_woman(p_text text, p_sort text default 'name') returns setof jsonb
language plpgsql stable as $$
begin
  return query execute format(
    'select to_jsonb(w) from %I.woman w where w.name ilike $1 order by %I',
    core.my_schema(), case when p_sort in ('name', 'due', 'woman_no') then p_sort else 'name' end)
    using '%' || p_text || '%';
end $$;

create function core.my_turnover() returns numeric language plpgsql stable as $$
declare
  total numeric;
begin
  execute format('select sum(f.amount) from %I.visit v join core.fee f on f.code = v.fee', core.my_schema()) into total;
  return total;
end $$;

revoke all on all functions in schema core from public;
grant usage on schema core to mwsp_any;
grant execute on all functions in schema core to mwsp_any;
grant select on all tables in schema core to mwsp_any;
reset role;
