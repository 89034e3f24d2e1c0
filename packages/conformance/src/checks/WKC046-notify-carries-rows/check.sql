-- title: A trigger or function sends rows to a channel that every session may hear
-- severity: leak
-- cwe: CWE-532
-- cvss: CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N
select
  n.nspname || '.' || f.proname as object,
  case when g.fires then 'The trigger function notifies' else 'The function notifies' end || ' with what is in the row of ' || t.label || '; any login may LISTEN to any channel.' as message,
  case when g.fires then 'pg_notify in a trigger on ' else 'pg_notify in a function that reads ' end || t.label as evidence,
  '-- in a session of the application''s login, in any tenant''s context' || chr(10) || case
    when c.channel ~ '^''[^'']+''$' then 'listen ' || quote_ident(trim(both '''' from c.channel))
    -- Made from the row's tenant: what it is for the other one.
    when g.fires and c.channel ~* ('\mnew\.' || t.tenant_column || '\M') and c.channel !~* ('\m(new|old)\.(?!' || t.tenant_column || '\M)')
      then 'do $wk$declare new ' || t.name || '; begin new.' || quote_ident(t.tenant_column) || ' := ' || quote_literal((select max(key) from tenant_key))
        || '; execute format(''listen %I'', ' || c.channel || '); end$wk$'
    else 'listen the_channel'
  end || ';' || chr(10) || case when g.fires then '-- then let another tenant write into ' || t.name else '-- then let another tenant call ' || f.proname end as replay,
  'Send an id without meaning only, and let the listener read the row under its own context.' as fix,
  case when
    -- The whole row, or a record of it.
    g.fires and (p.payload ~* '\m(row_to_json|to_jsonb?|hstore|jsonb?_agg)\s*\(\s*\w+\s*[,)]' or p.payload ~* '\m(new|old)\M\s*(::|\.\*|[,)])')
    or not g.fires and p.said ~* '\mrow_to_json\s*\('
    or exists (
      select from (
        select m[1] from pg_catalog.regexp_matches(p.payload, '\m(?:new|old)\.(\w+)', 'gi') as m where g.fires
        union all
        select m[1] from pg_catalog.regexp_matches(p.said, '\m(\w+)\M', 'g') as m
        where not g.fires and m[1] <> all (coalesce(f.proargnames, '{}'))
      ) as w (word)
      join pg_catalog.pg_attribute a on a.attrelid = t.oid and a.attname = lower(w.word) and a.attnum > 0
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
from (
  select g.tgrelid, g.tgfoid, true as fires
  from pg_catalog.pg_trigger g where not g.tgisinternal and g.tgenabled in ('O', 'A')
  union
  -- What the application calls to call a patient in: it names the table that it reads.
  select k.oid, p.oid, false
  from tenant_table k
  join pg_catalog.pg_proc p on p.prosrc ~ ('\m' || regexp_replace(split_part(k.label, '.', 2), '(\W)', '\\\1', 'g') || '\M')
  join target_schema h on h.oid = p.pronamespace
  where p.prorettype <> 'pg_catalog.trigger'::regtype and p.prosrc ~* '\mpg_notify\s*\(|\mnotify\M'
) as g
join tenant_table t on t.oid = g.tgrelid
join pg_catalog.pg_proc f on f.oid = g.tgfoid and f.prosrc ~* '\mpg_notify\s*\(|\mnotify\M'
join pg_catalog.pg_namespace n on n.oid = f.pronamespace
-- Comments and the quoted words of a document are no part of what is sent.
cross join lateral (select regexp_replace(regexp_replace(f.prosrc, '/\*.*?\*/', '', 'g'), '--[^\n]*', '', 'g') || ';' as source) as s
cross join lateral (
  select (regexp_match(s.source, 'pg_notify\s*\(\s*((?:[^,()]|\((?:[^()]|\([^()]*\))*\))+),', 'i'))[1] as channel
) as c
-- The statements that notify.
cross join lateral (
  select coalesce(string_agg(m[1], ' '), '') as sent
  from pg_catalog.regexp_matches(s.source, '([^;]*\m(?:pg_notify|notify)\M[^;]*);', 'gi') as m
) as q
-- And those that make the variables which these send.
cross join lateral (
  select
    q.sent || ' ' || coalesce(string_agg(made.text, ' '), '') as payload,
    -- Of a function what is picked from the rows, not what they are looked up by, and none of its own words.
    regexp_replace(regexp_replace(
      regexp_replace(q.sent, '^.*?\m(pg_notify|notify)\M', '', 'i') || ';' || coalesce(string_agg(made.text, ';'), ''),
      '''(?:[^'']|'''')*''', ' ', 'g'), '\m(from|where)\M[^;]*', ' ', 'gi') as said
  from (select distinct lower(m[1]) as name from pg_catalog.regexp_matches(q.sent, '(?<![\w.])([a-z_]\w*)(?![\w(.])', 'gi') as m) as v
  cross join lateral (
    select m[1] as text from pg_catalog.regexp_matches(s.source, '\m' || v.name || '\M[^;:=]*:?=([^;]*);', 'gi') as m
    union all
    select m[1] from pg_catalog.regexp_matches(s.source, '([^;]*\minto\M[^;]*\m' || v.name || '\M[^;]*);', 'gi') as m
  ) as made
  where v.name not in ('new', 'old', 'perform', 'select', 'begin', 'if', 'then', 'else', 'end', 'execute', 'format', 'return', 'null')
) as p
