-- Columns that policies stand on: dropping one with CASCADE takes the policy along.
select distinct c.oid::text as relation, a.attname as "column"
from pg_catalog.pg_depend d
join pg_catalog.pg_policy p on p.oid = d.objid
join pg_catalog.pg_class c on c.oid = p.polrelid and c.oid = d.refobjid
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid
where d.classid = 'pg_catalog.pg_policy'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass and d.refobjsubid > 0
order by 1, 2
