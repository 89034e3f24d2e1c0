-- Functions that policies of these tables call, and functions that those name. $1: oids.
-- The body of a function with BEGIN ATOMIC or RETURN is kept as a tree, and its prosrc is empty.
with recursive called as (
  select p.polrelid as relation, d.refobjid as function
  from pg_catalog.pg_policy p
  join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_policy'::regclass and d.objid = p.oid
    and d.refclassid = 'pg_catalog.pg_proc'::regclass
  where p.polrelid = any ($1::oid[])
  union
  select c.relation, f.oid
  from called c
  join pg_catalog.pg_proc caller on caller.oid = c.function
  join pg_catalog.pg_namespace cn on cn.oid = caller.pronamespace and cn.nspname <> 'pg_catalog'
  join pg_catalog.pg_proc f on strpos(case when caller.prosrc = '' and caller.prokind in ('f', 'p') then pg_catalog.pg_get_functiondef(caller.oid) else caller.prosrc end, f.proname || '(') > 0
  join pg_catalog.pg_namespace n on n.oid = f.pronamespace and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
)
select distinct c.relation::text as relation, n.nspname as schema, f.proname as name, case when f.prosrc = '' and f.prokind in ('f', 'p') then pg_catalog.pg_get_functiondef(f.oid) else f.prosrc end as source,
  coalesce((select substr(s, 13) from unnest(f.proconfig) as s where s like 'search_path=%'), '') as path
from called c
join pg_catalog.pg_proc f on f.oid = c.function
join pg_catalog.pg_namespace n on n.oid = f.pronamespace
where n.nspname <> 'pg_catalog'
