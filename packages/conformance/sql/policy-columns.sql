-- Columns of these tables that their own policies name. $1: oids.
select distinct d.refobjid::text as relation, a.attname::text as name
from pg_catalog.pg_policy p
join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_policy'::regclass and d.objid = p.oid
  and d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjid = p.polrelid
join pg_catalog.pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
where p.polrelid = any ($1::oid[]) and d.refobjsubid > 0
