-- Every policy of the target's tables, as it can be created again. $1: schemas, null for all.
select
  p.oid::text as oid, c.oid::text as relation, n.nspname as schema, c.relname as "table", p.polname as name,
  p.polpermissive as permissive,
  case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end as command,
  (
    select json_agg(r.rolname order by r.rolname)
    from unnest(p.polroles) as u (oid) left join pg_catalog.pg_roles r on r.oid = u.oid where u.oid <> 0
  ) as roles,
  pg_catalog.pg_get_expr(p.polqual, p.polrelid) as "using",
  pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) as "check"
from pg_catalog.pg_policy p
join pg_catalog.pg_class c on c.oid = p.polrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and ($1::text[] is null or n.nspname = any ($1))
order by n.nspname, c.relname, p.polname
