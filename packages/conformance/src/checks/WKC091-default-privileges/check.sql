-- title: Tables made later are open to the application before they have policies
-- severity: hygiene
-- cwe: CWE-276
-- cvss: CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:U/C:H/I:L/A:N
select
  coalesce('schema ' || n.nspname, 'database ' || current_database()) as object,
  'Default privileges of ' || pg_catalog.pg_get_userbyid(d.defaclrole) || ' give every new table to ' || coalesce(nullif(x.grantee, 0)::regrole::text, 'everybody') || ', with or without policies.' as message,
  x.privilege_type || ' by default' as evidence,
  'select defaclacl from pg_default_acl;' as replay,
  'alter default privileges for role ' || quote_ident(pg_catalog.pg_get_userbyid(d.defaclrole)) || coalesce(' in schema ' || quote_ident(n.nspname), '') || ' revoke all on tables from ' || coalesce(nullif(x.grantee, 0)::regrole::text, 'public') || ';' as fix
from pg_catalog.pg_default_acl d
cross join lateral pg_catalog.aclexplode(d.defaclacl) as x
left join pg_catalog.pg_namespace n on n.oid = d.defaclnamespace
where d.defaclobjtype = 'r' and x.privilege_type = 'SELECT'
  and (x.grantee = 0 or exists (select from app_role r where r.oid <> d.defaclrole and pg_catalog.pg_has_role(r.oid, x.grantee, 'MEMBER') and not r.rolsuper))
