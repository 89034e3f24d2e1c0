-- Functions that policies call, the server's own left out.
select distinct
  d.objid::text as policy, pg_catalog.format('%I.%I(%s)', n.nspname, f.proname, pg_catalog.pg_get_function_identity_arguments(f.oid)) as signature,
  f.provolatile::text as volatility
from pg_catalog.pg_depend d
join pg_catalog.pg_proc f on f.oid = d.refobjid
join pg_catalog.pg_namespace n on n.oid = f.pronamespace
where d.classid = 'pg_catalog.pg_policy'::regclass and d.refclassid = 'pg_catalog.pg_proc'::regclass
  and n.nspname <> 'pg_catalog' and f.prokind = 'f'
order by 1, 2
