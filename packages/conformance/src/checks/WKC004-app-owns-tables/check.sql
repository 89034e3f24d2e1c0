-- title: The application's login owns tables with tenants' rows
-- severity: hygiene
-- cwe: CWE-250
-- cvss: CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:U/C:H/I:H/A:N
select
  t.label as object,
  'The login ' || l.rolname || ' is this table''s owner or a member of it: SQL that reaches the database may switch its policies off.' as message,
  'owner ' || pg_catalog.pg_get_userbyid(t.relowner) as evidence,
  'begin; alter table ' || t.name || ' disable row level security; rollback;' as replay,
  'alter table ' || t.name || ' owner to a role without login; grant the application what it needs.' as fix
from tenant_table t
join app_login l on pg_catalog.pg_has_role(l.oid, t.relowner, 'MEMBER') and not l.rolsuper
