-- Custom settings that policies, views and functions read.
select distinct m[1] as name
from (
  select pg_catalog.pg_get_expr(polqual, polrelid) as text from pg_catalog.pg_policy
  union all
  select prosrc from pg_catalog.pg_proc p
  join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
) as q
cross join lateral regexp_matches(q.text, 'current_setting\(\s*''([A-Za-z_.]+)''', 'g') as m
