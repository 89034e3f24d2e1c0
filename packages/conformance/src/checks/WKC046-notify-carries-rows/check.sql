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
  case when
    -- The whole row, or a record of it.
    p.payload ~* '\m(row_to_json|to_jsonb?|hstore|jsonb?_agg)\s*\(\s*\w+\s*[,)]' or p.payload ~* '\m(new|old)\M\s*(::|\.\*|[,)])'
    or exists (
      select from pg_catalog.regexp_matches(p.payload, '\m(?:new|old)\.(\w+)', 'gi') as m
      join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attname = lower(m[1]) and a.attnum > 0
      cross join lateral (
        with recursive up as (
          select a.atttypid as oid
          union all
          select d.typbasetype from up join pg_catalog.pg_type d on d.oid = up.oid and d.typtype = 'd'
        )
        select y.typname from up join pg_catalog.pg_type y on y.oid = up.oid and y.typtype <> 'd'
      ) as base
      -- What is written there is somebody's; ids, times of writing, flags and whole numbers that only count are the system's.
      where a.attname !~ '(^|_)u?id$' and a.attname is distinct from t.tenant_column
        and base.typname not in ('uuid', 'timestamp', 'timestamptz', 'bool')
        and (base.typname not in ('int2', 'int4', 'int8') or a.attname ~*
          'phone|mobile|amount|price|salary|passport|aadhaa?r|national|licen[cs]e|document|(^|_)(tel|fax|cell|cost|fee|pan|ssn|nhs|mrn|doc|card|account|invoice|bill)(_?(no|nr|num|number))?$')
    )
    then 'leak' else 'hygiene' end as severity
from tenant_table t
join pg_catalog.pg_trigger g on g.tgrelid = t.oid and not g.tgisinternal and g.tgenabled in ('O', 'A')
join pg_catalog.pg_proc f on f.oid = g.tgfoid and f.prosrc ~* '\mpg_notify\s*\(|\mnotify\M'
join pg_catalog.pg_namespace n on n.oid = f.pronamespace
-- Comments and the quoted words of a document are no part of what is sent.
cross join lateral (select regexp_replace(regexp_replace(f.prosrc, '/\*.*?\*/', '', 'g'), '--[^\n]*', '', 'g') || ';' as source) as s
-- The statements that notify.
cross join lateral (
  select coalesce(string_agg(m[1], ' '), '') as sent
  from pg_catalog.regexp_matches(s.source, '([^;]*\m(?:pg_notify|notify)\M[^;]*);', 'gi') as m
) as q
-- And those that make the variables which these send.
cross join lateral (
  select q.sent || ' ' || coalesce(string_agg(made.text, ' '), '') as payload
  from (select distinct lower(m[1]) as name from pg_catalog.regexp_matches(q.sent, '(?<![\w.])([a-z_]\w*)(?![\w(.])', 'gi') as m) as v
  cross join lateral (
    select m[1] as text from pg_catalog.regexp_matches(s.source, '\m' || v.name || '\M[^;:=]*:?=([^;]*);', 'gi') as m
    union all
    select m[1] from pg_catalog.regexp_matches(s.source, '([^;]*\minto\M[^;]*\m' || v.name || '\M[^;]*);', 'gi') as m
  ) as made
  where v.name not in ('new', 'old', 'perform', 'select', 'begin', 'if', 'then', 'else', 'end', 'execute', 'format', 'return', 'null')
) as p
