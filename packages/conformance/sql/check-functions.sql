-- Functions that CHECK constraints of these tables call, with the constraint's name. $1: tables.
select k.conrelid::text as relation, k.conname as "constraint", n.nspname as schema, p.proname as name,
  pg_catalog.pg_get_functiondef(p.oid) as source, p.prosecdef as definer,
  array(select a.attname::text from pg_catalog.pg_attribute a where a.attrelid = k.conrelid and a.attnum = any (k.conkey)) as columns
from pg_catalog.pg_constraint k
join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_constraint'::regclass and d.objid = k.oid
  and d.refclassid = 'pg_catalog.pg_proc'::regclass
join pg_catalog.pg_proc p on p.oid = d.refobjid
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where k.contype = 'c' and k.conrelid = any ($1::oid[]) and p.prokind = 'f'
order by 1, 2, 3, 4
