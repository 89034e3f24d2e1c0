-- Words that an enum or a CHECK constraint lists for a column. $1: tables.
with locked as materialized (
  select l.relation from pg_catalog.pg_locks l
  where l.mode = 'AccessExclusiveLock' and l.granted and l.relation is not null and l.pid <> pg_catalog.pg_backend_pid()
    and l.database = (select d.oid from pg_catalog.pg_database d where d.datname = pg_catalog.current_database())
)
select a.attrelid::text as relation, a.attname::text as "column", x.words
from pg_catalog.pg_attribute a
join pg_catalog.pg_type t on t.oid = a.atttypid
cross join lateral (
  select array(select e.enumlabel::text from pg_catalog.pg_enum e where e.enumtypid = t.oid order by e.enumsortorder) as words
  where t.typtype = 'e'
  union all
  -- Of one column, and of a domain; pg_get_constraintdef waits for whoever has the table locked.
  select array(
    select distinct replace(m[1], '''''', '''') from pg_catalog.regexp_matches(pg_catalog.pg_get_constraintdef(k.oid), '''((?:[^'']|'''')+)''::', 'g') as m
  )
  from pg_catalog.pg_constraint k
  where k.contype = 'c' and t.typcategory = 'S'
    and (k.conrelid = a.attrelid and k.conkey = array[a.attnum] or k.contypid = t.oid)
    and k.conrelid not in (select relation from locked) and pg_catalog.pg_get_constraintdef(k.oid) !~ '~'
) as x
where a.attrelid = any ($1::oid[]) and a.attnum > 0 and not a.attisdropped and cardinality(x.words) > 0
order by 1, 2
