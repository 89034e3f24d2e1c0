-- title: A secret stands in a setting that every session can read
-- severity: leak
-- cwe: CWE-522
-- cvss: CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:N
select
  coalesce(r.rolname, 'database ' || d.datname, 'server') as object,
  case when w.is_secret
    then 'Whoever can run SQL reads the secret in ' || s.name || ', and can make itself any context that is verified with it.'
    else 'Whoever can run SQL reads ' || s.name || ', which by its name may be a secret.' end as message,
  'a default of ' || coalesce('role ' || r.rolname, 'database ' || d.datname, 'the server') || ', ' || length(s.value) || ' characters'
    || case when w.is_used then '; a function that signs or verifies reads it' else '' end as evidence,
  '-- in a new session of the application''s login' || chr(10) || 'select length(current_setting(' || quote_literal(s.name) || '));' as replay,
  'Keep the secret in a table that only a SECURITY DEFINER function''s owner reads; reset the setting and change the secret.' as fix,
  case when w.is_secret then 'leak' else 'hygiene' end as severity
from pg_catalog.pg_db_role_setting x
cross join lateral unnest(x.setconfig) as one (setting)
cross join lateral (
  select split_part(one.setting, '=', 1) as name, substr(one.setting, strpos(one.setting, '=') + 1) as value
) as s
left join pg_catalog.pg_roles r on r.oid = x.setrole
left join pg_catalog.pg_database d on d.oid = x.setdatabase
cross join lateral (
  select exists (
    select from pg_catalog.pg_proc p
    where strpos(p.prosrc, '''' || s.name || '''') > 0 and p.prosrc ~* '\m(hmac|digest|sha(224|256|384|512)|crypt|decrypt|verify|sign)\M'
  ) as is_used
) as u
-- Letters and digits mixed, and long enough not to be guessed; an address or a path is where a secret lies, not one.
cross join lateral (
  select u.is_used, u.is_used or length(s.value) >= 12 and s.value ~ '[A-Za-z]' and s.value ~ '[0-9]' and s.value !~ '^(\w+://|/|\./)' as is_secret
) as w
where s.name ~ '\.' and s.name ~* '(secret|passw|private|signing|hmac|jwt_key|api_?key|token_key)'
  and s.value <> ''
  -- A number, a time, a yes or no is a rate or a limit, unless it is long and something signs with it.
  and (u.is_used and length(s.value) >= 8 or s.value !~*
    '^\s*([-+]?[0-9][0-9,_]{0,11}(\.[0-9]{1,6})?\s*(%|us|ms|s|min|h|d|minutes?|hours?|days?|kb|mb|gb)?|on|off|true|false|yes|no|null|none)\s*$')
  and (x.setdatabase = 0 or d.datname = current_database())
  and (x.setrole = 0 or exists (select from app_login l where l.oid = x.setrole))
