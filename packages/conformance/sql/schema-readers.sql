-- Schemas among these whose rows something outside may read or pass on: a view, a function or a policy of another schema that
-- names a table of theirs or the schema, one that makes its statements at run time and says a table's name, a parent outside,
-- a trigger whose function is outside. $1: schemas.
with tables as (
  select s.nspname as schema, s.oid as namespace, t.oid, t.relname as name
  from pg_catalog.pg_namespace s
  join pg_catalog.pg_class t on t.relnamespace = s.oid and t.relkind in ('r', 'p', 'v', 'm', 'f')
  where s.nspname = any ($1::text[])
),
texts as (
  select pronamespace as namespace, pg_catalog.concat_ws(' ', case when prosrc = '' and prokind in ('f', 'p') then pg_catalog.pg_get_functiondef(oid) else prosrc end, pg_catalog.array_to_string(proconfig, ' ')) as text
  from pg_catalog.pg_proc
  where prokind <> 'a' and pronamespace <> 'pg_catalog'::regnamespace
)
select distinct t.schema
from tables t
where exists (
    select from pg_catalog.pg_depend d
    left join pg_catalog.pg_rewrite w on d.classid = 'pg_catalog.pg_rewrite'::regclass and w.oid = d.objid
    left join pg_catalog.pg_policy p on d.classid = 'pg_catalog.pg_policy'::regclass and p.oid = d.objid
    left join pg_catalog.pg_class c on c.oid = coalesce(w.ev_class, p.polrelid)
    left join pg_catalog.pg_proc f on d.classid = 'pg_catalog.pg_proc'::regclass and f.oid = d.objid
    where d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = t.oid and coalesce(c.relnamespace, f.pronamespace) <> t.namespace
  )
  or exists (
    select from texts x
    where x.namespace <> t.namespace and (
      x.text ~ ('\m' || pg_catalog.regexp_replace(t.schema, '\W', '\\\&', 'g') || '\M')
      or (x.text ~* '\mexecute\M' and x.text ~ ('\m' || pg_catalog.regexp_replace(t.name, '\W', '\\\&', 'g') || '\M'))
    )
  )
  or exists (
    select from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhparent
    where i.inhrelid = t.oid and c.relnamespace <> t.namespace
  )
  or exists (
    select from pg_catalog.pg_trigger g join pg_catalog.pg_proc f on f.oid = g.tgfoid
    where g.tgrelid = t.oid and not g.tgisinternal and f.pronamespace <> t.namespace
  )
order by 1
