-- What CREATE DATABASE … TEMPLATE does not copy. $1: the database. The owner's own grants are written as "owner".
select
  pg_catalog.pg_get_userbyid(d.datdba) as owner,
  (
    select json_agg(json_build_object(
      'to', case when a.grantee = 0 then 'public' when a.grantee = d.datdba then 'owner' else 'role ' || pg_catalog.pg_get_userbyid(a.grantee) end,
      'privilege', a.privilege_type, 'option', a.is_grantable
    ) order by a.grantee, a.privilege_type)
    from pg_catalog.aclexplode(coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba))) a
  ) as grants,
  (
    select json_agg(json_build_object(
      'role', case when s.setrole <> 0 then pg_catalog.pg_get_userbyid(s.setrole) end,
      'name', split_part(c, '=', 1), 'value', substr(c, strpos(c, '=') + 1)
    ) order by s.setrole, c)
    from pg_catalog.pg_db_role_setting s, unnest(s.setconfig) as c where s.setdatabase = d.oid
  ) as settings
from pg_catalog.pg_database d where d.datname = $1
