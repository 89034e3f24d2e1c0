-- title: A context is set by default for a role or the database
-- severity: leak
-- cwe: CWE-1188
-- cvss: CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N
select
  coalesce(r.rolname, 'database ' || d.datname, 'server') as object,
  'Every session that forgets its context is put into the one that ' || split_part(s.setting, '=', 1) || ' has by default.' as message,
  split_part(s.setting, '=', 1) || ' has a default' as evidence,
  '-- in a new session of the application''s login' || chr(10) || 'select current_setting(' || quote_literal(split_part(s.setting, '=', 1)) || ') <> '''';' as replay,
  'alter ' || case when r.rolname is not null then 'role ' || quote_ident(r.rolname) else 'database ' || quote_ident(d.datname) end
    || ' reset ' || split_part(s.setting, '=', 1) || ';' as fix
from pg_catalog.pg_db_role_setting x
cross join lateral unnest(x.setconfig) as s (setting)
left join pg_catalog.pg_roles r on r.oid = x.setrole
left join pg_catalog.pg_database d on d.oid = x.setdatabase
where exists (select from context_setting c where c.name = split_part(s.setting, '=', 1))
  and (x.setdatabase = 0 or d.datname = current_database())
  and (x.setrole = 0 or exists (select from app_login l where l.oid = x.setrole))
  and substr(s.setting, strpos(s.setting, '=') + 1) <> ''
