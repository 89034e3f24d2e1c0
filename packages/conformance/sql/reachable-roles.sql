-- The session's own login and every role it may set. $1: oids of tables with tenants' rows.
select
  r.rolname as name,
  r.rolsuper or r.rolbypassrls as exempt,
  exists (
    select from pg_catalog.pg_class c
    where c.oid = any ($1::oid[]) and not c.relforcerowsecurity and pg_catalog.pg_has_role(r.oid, c.relowner, 'USAGE')
  ) as owns,
  r.rolname = session_user as login,
  concat_ws(', ',
    case when r.rolsuper then 'superuser' end,
    case when r.rolbypassrls then 'BYPASSRLS' end,
    case when exists (select from pg_catalog.pg_class c where c.oid = any ($1::oid[]) and c.relowner = r.oid) then 'owner' end,
    case when r.rolname <> session_user then 'by membership' end
  ) as how
from pg_catalog.pg_roles r
where r.rolname !~ '^pg_'
  and pg_catalog.pg_has_role(session_user, r.oid, 'MEMBER')
  and (r.rolname = session_user or not (select s.rolsuper from pg_catalog.pg_roles s where s.rolname = session_user))
order by r.rolname <> session_user, r.rolname
