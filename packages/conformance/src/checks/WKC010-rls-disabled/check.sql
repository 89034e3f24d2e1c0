-- title: Row-level security is off on a table with tenants' rows
-- severity: leak
-- cwe: CWE-284
-- cvss: CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:N
-- proof: WKC020 WKC022 WKC023 WKC024 WKC025
select
  t.label as object,
  'Nothing in the database keeps tenants apart in this table: row-level security is off.' as message,
  'relrowsecurity = false' || case when exists (select from pg_catalog.pg_policy p where p.polrelid = t.oid)
    then '; its policies have no effect' else '' end as evidence,
  'select count(*) from ' || t.name || ';' as replay,
  'alter table ' || t.name || ' enable row level security, force row level security;' as fix
from tenant_table t
where not t.rls
  and exists (
    select from app_role r
    where pg_catalog.has_schema_privilege(r.oid, (select relnamespace from pg_catalog.pg_class where oid = t.oid), 'USAGE')
      and (pg_catalog.has_any_column_privilege(r.oid, t.oid, 'SELECT, INSERT, UPDATE') or pg_catalog.has_table_privilege(r.oid, t.oid, 'DELETE'))
  )
