-- title: A restrictive policy binds named roles only
-- severity: hygiene
-- cwe: CWE-284
-- cvss: CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:U/C:H/I:N/A:N
select
  t.label as object,
  'Restrictive policy ' || p.polname || ' binds named roles: a restore without these roles drops it and keeps the permissive ones, and DROP OWNED BY takes a role out of it on servers before the November 2026 releases.' as message,
  'policy ' || p.polname || ' to ' || (select string_agg(m::regrole::text, ', ') from unnest(p.polroles) as m) as evidence,
  'select polroles::regrole[] from pg_policy where polrelid = ' || quote_literal(t.name) || '::regclass;' as replay,
  'alter policy ' || quote_ident(p.polname) || ' on ' || t.name || ' to public;' as fix
from tenant_table t
join pg_catalog.pg_policy p on p.polrelid = t.oid and not p.polpermissive and not 0 = any (p.polroles)
