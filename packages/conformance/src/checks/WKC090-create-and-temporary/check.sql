-- title: The application may create objects
-- severity: hygiene
-- cwe: CWE-732
-- cvss: CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:U/C:L/I:L/A:N
select
  'schema ' || s.nspname as object,
  'The role ' || r.rolname || ' may create objects in schema ' || s.nspname || ', which others may then call or read by mistake.' as message,
  'CREATE on schema ' || s.nspname as evidence,
  'select has_schema_privilege(' || quote_literal(s.nspname) || ', ''CREATE'');' as replay,
  'revoke create on schema ' || quote_ident(s.nspname) || ' from public, ' || quote_ident(r.rolname) || ';' as fix
from target_schema s
join app_role r on pg_catalog.has_schema_privilege(r.oid, s.oid, 'CREATE') and not r.rolsuper
union all
select
  'database ' || current_database(),
  'The role ' || r.rolname || ' may create temporary tables, which are found before the real ones by any function that does not pin its search_path.',
  'TEMPORARY on the database',
  'select has_database_privilege(current_database(), ''TEMPORARY'');',
  'revoke temporary on database ' || quote_ident(current_database()) || ' from public;'
from app_role r
where pg_catalog.has_database_privilege(r.oid, current_database(), 'TEMPORARY') and not r.rolsuper
