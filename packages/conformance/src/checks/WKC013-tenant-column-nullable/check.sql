-- title: Rows may have no tenant
-- severity: hygiene
-- cwe: CWE-1286
-- cvss: CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:U/C:L/I:L/A:N
select
  t.label as object,
  'The tenant column ' || t.tenant_column || ' may be null: such a row belongs to nobody, or to everybody.' as message,
  'attnotnull = false' as evidence,
  'select count(*) from ' || t.name || ' where ' || quote_ident(t.tenant_column) || ' is null;' as replay,
  'alter table ' || t.name || ' alter column ' || quote_ident(t.tenant_column) || ' set not null;' as fix
from tenant_table t
join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum = t.tenant_attnum
where not a.attnotnull
