-- Tables that policies of these tables read. $1: oids.
select distinct p.polrelid::text as relation, d.refobjid::text as used
from pg_catalog.pg_policy p
join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_policy'::regclass and d.objid = p.oid
  and d.refclassid = 'pg_catalog.pg_class'::regclass
where p.polrelid = any ($1::oid[]) and d.refobjid <> p.polrelid
