-- title: No index begins with the tenant
-- severity: hygiene
-- cwe: CWE-1050
-- cvss: CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:L
select
  t.label as object,
  'Every query of one tenant reads all tenants'' rows before the policy drops them: slow, and its time tells how many there are.' as message,
  'no valid index is led by ' || t.tenant_column as evidence,
  'select indexdef from pg_indexes where schemaname || ''.'' || tablename = ' || quote_literal(t.label) || ';' as replay,
  'create index on ' || t.name || ' (' || quote_ident(t.tenant_column) || ');' as fix
from tenant_table t
where t.tenant_attnum is not null
  and not exists (
    select from pg_catalog.pg_index i
    where i.indrelid = t.oid and i.indisvalid and i.indpred is null and i.indkey[0] = t.tenant_attnum
  )
