-- Schemas among these whose tables a view or a function of another schema names. $1: schemas.
select s.nspname as schema
from pg_catalog.pg_namespace s
where s.nspname = any ($1::text[]) and (
  exists (
    select from pg_catalog.pg_depend d
    join pg_catalog.pg_class t on t.oid = d.refobjid
    left join pg_catalog.pg_rewrite w on d.classid = 'pg_catalog.pg_rewrite'::regclass and w.oid = d.objid
    left join pg_catalog.pg_class v on v.oid = w.ev_class
    left join pg_catalog.pg_proc p on d.classid = 'pg_catalog.pg_proc'::regclass and p.oid = d.objid
    where d.refclassid = 'pg_catalog.pg_class'::regclass and t.relnamespace = s.oid
      and coalesce(v.relnamespace, p.pronamespace) <> s.oid
  )
  or exists (
    select from pg_catalog.pg_proc p
    where p.pronamespace <> s.oid and p.prokind <> 'a'
      and pg_catalog.concat_ws(' ', p.prosrc, pg_catalog.array_to_string(p.proconfig, ' ')) ~ ('\m' || pg_catalog.regexp_replace(s.nspname, '\W', '\\\&', 'g') || '\M')
  )
)
order by 1
