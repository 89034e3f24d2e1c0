-- title: A secret stands in a setting that every session can read
-- severity: leak
-- cwe: CWE-522
-- cvss: CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:N
select
  s.object,
  case when w.is_secret
    then 'Whoever can run SQL reads the secret in ' || s.name || ', and can make itself any context that is verified with it.'
    else 'Whoever can run SQL reads ' || s.name || ', which by its ' || case when u.is_named then 'name' else 'value' end || ' may be a secret.' end as message,
  s.how || ', ' || length(s.value) || ' characters'
    || case when u.is_used then '; a function that signs or verifies reads it' else '' end as evidence,
  '-- in a new session of the application''s login' || chr(10) || s.replay as replay,
  'Keep the secret in a table that only a SECURITY DEFINER function''s owner reads; reset the setting and change the secret.' as fix,
  case when w.is_secret then 'leak' else 'hygiene' end as severity
from (
  select coalesce(r.rolname, 'database ' || d.datname, 'server') as object, split_part(one, '=', 1) as name, substr(one, strpos(one, '=') + 1) as value,
    'a default of ' || coalesce('role ' || r.rolname, 'database ' || d.datname, 'the server') as how,
    'select length(current_setting(' || quote_literal(split_part(one, '=', 1)) || '));' as replay
  from pg_catalog.pg_db_role_setting x
  cross join lateral unnest(x.setconfig) as one
  left join pg_catalog.pg_roles r on r.oid = x.setrole
  left join pg_catalog.pg_database d on d.oid = x.setdatabase
  where (x.setdatabase = 0 or d.datname = current_database())
    and (x.setrole = 0 or exists (select from app_login l where l.oid = x.setrole))
  union all
  -- The catalog of functions is everybody's to read, and so is what a function sets for itself.
  select n.nspname || '.' || p.proname, split_part(one, '=', 1), substr(one, strpos(one, '=') + 1), 'SET of function ' || n.nspname || '.' || p.proname,
    'select length(array_to_string(proconfig, '''')) from pg_proc where oid = ' || quote_literal(p.oid::regprocedure::text) || '::regprocedure;'
  from pg_catalog.pg_proc p
  join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  cross join lateral unnest(p.proconfig) as one
  where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  union all
  select 'server', c.name, c.setting, 'in the server''s configuration', 'select length(current_setting(' || quote_literal(c.name) || '));'
  from pg_catalog.pg_settings c
  where c.source in ('configuration file', 'command line', 'environment variable')
) as s
cross join lateral (
  select s.name ~* '(secret|passw|private|signing|hmac|jwt_key|api_?key|token_key)' as is_named,
    exists (
      select from pg_catalog.pg_proc p
      where strpos(case when p.prosrc = '' and p.prokind in ('f', 'p') then pg_catalog.pg_get_functiondef(p.oid) else p.prosrc end, '''' || s.name || '''') > 0 and case when p.prosrc = '' and p.prokind in ('f', 'p') then pg_catalog.pg_get_functiondef(p.oid) else p.prosrc end ~* '\m(hmac|digest|sha(224|256|384|512)|crypt|decrypt|verify|sign)\M'
    ) as is_used,
    -- Whatever it is called: it stands where such a function takes its key.
    exists (
      select from pg_catalog.pg_proc p
      where case when p.prosrc = '' and p.prokind in ('f', 'p') then pg_catalog.pg_get_functiondef(p.oid) else p.prosrc end ~* ('\m(hmac|crypt|decrypt|verify|sign)\s*\([^;]*current_setting\(\s*''' || regexp_replace(s.name, '([^[:alnum:]_])', '\\\1', 'g') || '''')
    ) as is_key,
    -- A private key, an address with a password, a signed token: nothing else looks so.
    s.value ~ '-----BEGIN [A-Z ]*PRIVATE KEY-----' or s.value ~ '^\w+://[^/@:\s]*:[^/@\s]+@' or s.value ~ '^eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}$' as is_shaped,
    -- Nobody types it and no name is made so; a UUID and a path are not among them.
    s.value ~ '^[0-9a-fA-F]{32,}$' or s.value ~ '^[A-Za-z0-9+/_-]{32,}={0,2}$' and s.value ~ '[A-Z]' and s.value ~ '[a-z]' and s.value ~ '[0-9]'
      and s.value !~ '^/|^[0-9a-fA-F]{8}-' as is_random
) as u
-- Letters and digits mixed, and long enough not to be guessed; an address or a path is where a secret lies, not one.
cross join lateral (
  select case when u.is_named
      then u.is_used or u.is_shaped or length(s.value) >= 12 and s.value ~ '[A-Za-z]' and s.value ~ '[0-9]' and s.value !~ '^(\w+://|/|\./)'
      else u.is_key or u.is_shaped end as is_secret
) as w
where s.name ~ '\.' and s.value <> ''
  and (u.is_named or u.is_key and length(s.value) >= 8 or u.is_shaped or u.is_random)
  -- A number, a time, a yes or no is a rate or a limit, unless it is long and something signs with it.
  and ((u.is_used or u.is_key) and length(s.value) >= 8 or s.value !~*
    '^\s*([-+]?[0-9][0-9,_]{0,11}(\.[0-9]{1,6})?\s*(%|us|ms|s|min|h|d|minutes?|hours?|days?|kb|mb|gb)?|on|off|true|false|yes|no|null|none)\s*$')
