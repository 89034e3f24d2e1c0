-- title: Policies are not forced on the table's owner
-- severity: hygiene
-- cwe: CWE-284
-- cvss: CVSS:3.1/AV:N/AC:H/PR:H/UI:N/S:U/C:H/I:H/A:N
select
  t.label as object,
  'The owner, its views and its SECURITY DEFINER functions see every tenant''s rows: row-level security is not forced.' as message,
  'relforcerowsecurity = false' as evidence,
  'select relforcerowsecurity from pg_class where oid = ' || quote_literal(t.name) || '::regclass;' as replay,
  'alter table ' || t.name || ' force row level security;' as fix
from tenant_table t
where t.rls and not t.forced
