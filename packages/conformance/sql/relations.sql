-- Every relation that is not the server's own or an extension's. $1: schemas, null for all.
with drawing as materialized (
  -- By number, because pg_get_expr waits for whoever has the table locked.
  select p.oid from pg_catalog.pg_proc p where p.proname in ('nextval', 'now') or p.proname ~* 'uuid|random'
)
select
  c.oid::text as oid,
  n.nspname as schema,
  c.relname as name,
  c.relkind::text as kind,
  c.relrowsecurity as rls,
  c.relforcerowsecurity as forced,
  o.rolname as owner,
  o.rolsuper or o.rolbypassrls as "ownerExempt",
  greatest(c.reltuples, 0)::float8 as tuples,
  c.relispartition as "isPartition",
  (select i.inhparent::text from pg_catalog.pg_inherits i where i.inhrelid = c.oid order by i.inhseqno limit 1) as parent,
  coalesce((
    select json_agg(json_build_object(
      'name', a.attname, 'number', a.attnum, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
      'base', case when t.typtype = 'd' then pg_catalog.format_type(t.typbasetype, -1) else pg_catalog.format_type(a.atttypid, -1) end,
      'category', t.typcategory, 'enum', t.typtype = 'e', 'notNull', a.attnotnull or t.typnotnull,
      'hasDefault', a.atthasdef or a.attidentity <> '' or t.typdefault is not null,
      'generated', a.attgenerated <> '', 'identity', a.attidentity,
      'drawn', a.attidentity <> '' or exists (
        select from drawing f where pg_catalog.strpos(d.adbin::text, ':funcid ' || f.oid || ' ') > 0
      )
    ) order by a.attnum)
    from pg_catalog.pg_attribute a
    join pg_catalog.pg_type t on t.oid = a.atttypid
    left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  ), '[]') as columns
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_roles o on o.oid = c.relowner
where c.relkind in ('r', 'p', 'v', 'm', 'f')
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and ($1::text[] is null or n.nspname = any ($1))
  and not exists (
    select from pg_catalog.pg_depend d
    where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
  )
order by n.nspname, c.relname
