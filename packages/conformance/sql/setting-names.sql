-- Custom settings that policies, views, functions, triggers, constraints and defaults of columns read or set, and those that a role
-- or the database has a default for. A routine without a name is one that puts the name together when it runs.
with locked as materialized (
  -- What the catalog says of a table waits for whoever has it locked.
  select l.relation from pg_catalog.pg_locks l
  where l.mode = 'AccessExclusiveLock' and l.granted and l.relation is not null and l.pid <> pg_catalog.pg_backend_pid()
),
routine as (
  select n.nspname || '.' || p.proname as label, p.proname, pg_catalog.pg_get_functiondef(p.oid) as text
  from pg_catalog.pg_proc p
  join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  where p.prokind in ('f', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    and not exists (
      select from pg_catalog.pg_depend d
      where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
    )
),
source as (
  select text from routine
  union all
  select pg_catalog.concat_ws(' ', pg_catalog.pg_get_expr(p.polqual, p.polrelid), pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid))
  from pg_catalog.pg_policy p where p.polrelid not in (select relation from locked)
  union all
  select pg_catalog.pg_get_viewdef(c.oid) from pg_catalog.pg_class c
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('v', 'm') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and not exists (select from locked)
  union all
  select pg_catalog.pg_get_triggerdef(t.oid) from pg_catalog.pg_trigger t
  where not t.tgisinternal and t.tgrelid not in (select relation from locked)
  union all
  select pg_catalog.pg_get_constraintdef(k.oid) from pg_catalog.pg_constraint k
  where k.contype = 'c' and k.conrelid not in (select relation from locked) and pg_catalog.strpos(k.conbin::text, ':funcid') > 0
  union all
  select pg_catalog.pg_get_expr(d.adbin, d.adrelid) from pg_catalog.pg_attrdef d
  where d.adrelid not in (select relation from locked)
),
-- Functions that ask for a setting by anything but a literal, with what stands before the rest of the name.
computed as (
  select r.label, r.proname, r.text, coalesce(
    (pg_catalog.regexp_match(r.text, '\m(?:current_setting|set_config)\s*\(\s*E?''([A-Za-z_][\w.]*\.)''(?:::text)?\s*\|\|', 'i'))[1],
    (pg_catalog.regexp_match(r.text, '\mformat\s*\(\s*E?''([A-Za-z_][\w.]*\.)%', 'i'))[1]
  ) as prefix
  from routine r
  where r.text ~* '\m(current_setting|set_config)\s*\(\s*(?!E?''[^'']*''(::text)?\s*[,)])'
),
named as (
  select m[1] as name, null::text as routine from source
  cross join lateral pg_catalog.regexp_matches(source.text, '\m(?:current_setting|set_config)\s*\(\s*E?''([A-Za-z_][\w.]*)''', 'gi') as m
  union all
  select m[1], null from source
  cross join lateral pg_catalog.regexp_matches(source.text, '\mset\s+(?:local\s+|session\s+)?"?([a-z_]\w*\.[a-z_]\w*)"?\s*(?:=|\mto\M)', 'gi') as m
  union all
  select pg_catalog.split_part(one, '=', 1), null
  from pg_catalog.pg_db_role_setting x cross join lateral pg_catalog.unnest(x.setconfig) as one
  union all
  -- Put together of two literals, or asked for under a whole name by way of a variable.
  select m[1] || m[2], null from source
  cross join lateral pg_catalog.regexp_matches(source.text, '''([A-Za-z_][\w.]*\.)''(?:::text)?\s*\|\|\s*''(\w+)''', 'g') as m
  union all
  select m[1], c.label from computed c
  cross join lateral pg_catalog.regexp_matches(c.text, '''([A-Za-z_]\w*\.[A-Za-z_]\w*)''', 'g') as m
  where c.prefix is null
  union all
  -- The rest of the name is what the function is called with.
  select c.prefix || m[1], c.label from computed c
  join source s on pg_catalog.strpos(s.text, c.proname) > 0
  cross join lateral pg_catalog.regexp_matches(s.text, '\m' || c.proname || '"?\s*\(\s*E?''([A-Za-z_]\w*)''', 'g') as m
  where c.proname ~ '^\w+$'
)
select distinct name, null::text as routine from named where name ~ '\.[A-Za-z_]'
union all
select null, c.label from computed c where not exists (select from named n where n.routine = c.label)
order by 1, 2
