-- title: A function that policies call is IMMUTABLE and reads what changes
-- severity: hygiene
-- cwe: CWE-524
-- cvss: CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:U/C:H/I:N/A:N
select distinct
  n.nspname || '.' || f.proname as object,
  'A plan may keep its answer for the next tenant on the same connection: it is declared IMMUTABLE and reads a setting, the session user or a table.' as message,
  'provolatile = i' as evidence,
  'select provolatile from pg_proc where oid = ' || quote_literal(f.oid::regprocedure::text) || '::regprocedure;' as replay,
  'alter function ' || f.oid::regprocedure::text || ' stable;' as fix
from tenant_table t
join pg_catalog.pg_policy p on p.polrelid = t.oid
join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_policy'::regclass and d.objid = p.oid and d.refclassid = 'pg_catalog.pg_proc'::regclass
join pg_catalog.pg_proc f on f.oid = d.refobjid and f.provolatile = 'i'
join pg_catalog.pg_namespace n on n.oid = f.pronamespace and n.nspname <> 'pg_catalog'
-- current_user alone does no harm here: a plan with a policy in it is used for the role only that it was made for.
where case when f.prosrc = '' and f.prokind in ('f', 'p') then pg_catalog.pg_get_functiondef(f.oid) else f.prosrc end ~* 'current_setting|session_user|\mfrom\M'
