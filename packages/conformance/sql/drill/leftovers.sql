-- Databases that a drill of this source made and nobody is connected to. $1: the source, $2: those of this run.
select d.datname as name
from pg_catalog.pg_database d
where pg_catalog.shobj_description(d.oid, 'pg_database') = 'wardkeep drill of ' || $1 and d.datname <> all ($2)
  and not exists (select from pg_catalog.pg_stat_activity a where a.datid = d.oid)
order by 1
