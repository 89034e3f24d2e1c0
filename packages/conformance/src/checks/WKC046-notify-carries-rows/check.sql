-- title: A trigger sends rows to a channel that every session may hear
-- severity: leak
-- cwe: CWE-532
-- cvss: CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N
select
  n.nspname || '.' || f.proname as object,
  'The trigger function notifies with what is in the row of ' || t.label || '; any login may LISTEN to any channel.' as message,
  'pg_notify in a trigger on ' || t.label as evidence,
  '-- in a session of the application''s login, in any tenant''s context' || chr(10) || 'listen ' || coalesce(quote_ident((regexp_match(f.prosrc, 'pg_notify\s*\(\s*''([^'']+)''', 'i'))[1]), 'the_channel') || ';' || chr(10) || '-- then let another tenant write into ' || t.name as replay,
  'Send an id without meaning only, and let the listener read the row under its own context.' as fix,
  case when f.prosrc ~* 'pg_notify\s*\([^;]*(row_to_json|to_jsonb?|json_build|hstore)\s*\(|pg_notify\s*\([^;]*(new|old)\.(?!id\M|\w*_id\M)\w+' or f.prosrc ~* 'payload' and f.prosrc ~* '(row_to_json|to_jsonb?)\s*\(\s*(new|old)\s*\)'
    then 'leak' else 'hygiene' end as severity
from tenant_table t
join pg_catalog.pg_trigger g on g.tgrelid = t.oid and not g.tgisinternal
join pg_catalog.pg_proc f on f.oid = g.tgfoid and f.prosrc ~* '\mpg_notify\s*\(|\mnotify\M'
join pg_catalog.pg_namespace n on n.oid = f.pronamespace
