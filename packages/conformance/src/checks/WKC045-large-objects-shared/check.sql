-- title: Large objects are shared by every tenant
-- severity: leak
-- cwe: CWE-668
-- cvss: CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:N
select
  t.label as object,
  'Column ' || a.attname || ' refers to large objects. Policies do not apply to them: the shared role reads those of every tenant by number.' as message,
  (select count(*) from pg_catalog.pg_largeobject_metadata) || ' large objects, owned by ' || (select string_agg(distinct pg_catalog.pg_get_userbyid(m.lomowner), ', ') from pg_catalog.pg_largeobject_metadata m) as evidence,
  'select oid, length(lo_get(oid)) from pg_largeobject_metadata;' as replay,
  'Store the bytes in a bytea column of a table with policies; revoke execute on function lo_get from public.' as fix
from tenant_table t
join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped and a.atttypid in ('pg_catalog.oid'::regtype)
where exists (
  select from pg_catalog.pg_largeobject_metadata m join app_role r on not r.rolsuper
  where pg_catalog.pg_has_role(r.oid, m.lomowner, 'USAGE')
    or exists (select from pg_catalog.aclexplode(m.lomacl) as x where x.privilege_type = 'SELECT' and (x.grantee = 0 or pg_catalog.pg_has_role(r.oid, x.grantee, 'USAGE')))
)
