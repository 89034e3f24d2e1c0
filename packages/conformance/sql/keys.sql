-- Primary keys, unique constraints and indexes, exclusion constraints and foreign keys.
with locked as materialized (
  select l.relation from pg_catalog.pg_locks l
  where l.mode = 'AccessExclusiveLock' and l.granted and l.relation is not null and l.pid <> pg_catalog.pg_backend_pid()
    and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
)
select
  x.indrelid::text as relation,
  coalesce(k.conname, i.relname) as name,
  case when k.contype is not null then k.contype::text else 'u' end as kind,
  array(
    select a.attname::text from unnest(x.indkey::int2[]) with ordinality as c (number, place)
    join pg_catalog.pg_attribute a on a.attrelid = x.indrelid and a.attnum = c.number
    where c.place <= x.indnkeyatts order by c.place
  ) as columns,
  0 = any (x.indkey::int2[]) or x.indpred is not null as "hasExpression",
  null::text as parent,
  null::text[] as "parentColumns",
  '' as "onDelete",
  '' as "onUpdate",
  -- It waits for whoever has the table locked.
  case when x.indrelid in (select relation from locked) then '' else pg_catalog.pg_get_indexdef(x.indexrelid) || case when x.indimmediate then '' else ' DEFERRABLE' end end as definition
from pg_catalog.pg_index x
join pg_catalog.pg_class i on i.oid = x.indexrelid
left join pg_catalog.pg_constraint k on k.conindid = x.indexrelid and k.conrelid = x.indrelid and k.contype in ('p', 'u', 'x')
where (x.indisunique or k.contype = 'x')
  and x.indrelid = any ($1::oid[])
union all
select
  k.conrelid::text, k.conname, 'f',
  array(select a.attname::text from unnest(k.conkey) with ordinality as c (number, place)
    join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = c.number order by c.place),
  false,
  k.confrelid::text,
  array(select a.attname::text from unnest(k.confkey) with ordinality as c (number, place)
    join pg_catalog.pg_attribute a on a.attrelid = k.confrelid and a.attnum = c.number order by c.place),
  k.confdeltype::text, k.confupdtype::text,
  pg_catalog.pg_get_constraintdef(k.oid)
from pg_catalog.pg_constraint k
where k.contype = 'f' and k.conrelid = any ($1::oid[])
order by 1, 2
