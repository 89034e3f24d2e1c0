-- title: A secret stands in a setting that every session can read
-- severity: leak
-- cwe: CWE-522
-- cvss: CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:N
select
  coalesce(r.rolname, 'database ' || d.datname, 'server') as object,
  'Whoever can run SQL reads the secret in ' || split_part(s.setting, '=', 1) || ', and can make itself any context that is verified with it.' as message,
  'a default of ' || coalesce('role ' || r.rolname, 'database ' || d.datname, 'the server') || ', ' || (length(s.setting) - strpos(s.setting, '=')) || ' characters' as evidence,
  '-- in a new session of the application''s login' || chr(10) || 'select length(current_setting(' || quote_literal(split_part(s.setting, '=', 1)) || '));' as replay,
  'Keep the secret in a table that only a SECURITY DEFINER function''s owner reads; reset the setting and change the secret.' as fix
from pg_catalog.pg_db_role_setting x
cross join lateral unnest(x.setconfig) as s (setting)
left join pg_catalog.pg_roles r on r.oid = x.setrole
left join pg_catalog.pg_database d on d.oid = x.setdatabase
where split_part(s.setting, '=', 1) ~ '\.' and split_part(s.setting, '=', 1) ~* '(secret|passw|private|signing|hmac|jwt_key|api_?key|token_key)'
  and substr(s.setting, strpos(s.setting, '=') + 1) <> ''
  and (x.setdatabase = 0 or d.datname = current_database())
  and (x.setrole = 0 or exists (select from app_login l where l.oid = x.setrole))
