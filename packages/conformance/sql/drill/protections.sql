-- One line per thing that keeps tenants apart, to be compared before and after. $1: schemas, null for all.
with relation as (
  select c.*, n.nspname || '.' || c.relname as label
  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    and ($1::text[] is null or n.nspname = any ($1)) and c.relkind in ('r', 'p', 'v', 'm')
)
select label as object, 'row security' as kind,
  case when relrowsecurity then 'enabled' else 'disabled' end || case when relforcerowsecurity then ', forced' else ', not forced' end as state
from relation where relkind in ('r', 'p')
union all
select r.label, 'policy ' || p.polname,
  case when p.polpermissive then 'permissive ' else 'restrictive ' end || p.polcmd::text || ' to '
  || coalesce((select string_agg(coalesce(o.rolname, 'public'), ',' order by o.rolname)
               from unnest(p.polroles) as u (oid) left join pg_catalog.pg_roles o on o.oid = u.oid), 'nobody')
  || ' using ' || coalesce(pg_catalog.pg_get_expr(p.polqual, p.polrelid), '-')
  || ' check ' || coalesce(pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid), '-')
from pg_catalog.pg_policy p join relation r on r.oid = p.polrelid
union all
select label, 'options', array_to_string(reloptions, ',') from relation where relkind = 'v' and reloptions is not null
union all
select r.label, 'grant to ' || coalesce(o.rolname, 'public'), string_agg(a.privilege_type, ',' order by a.privilege_type)
from relation r cross join lateral pg_catalog.aclexplode(r.relacl) a left join pg_catalog.pg_roles o on o.oid = a.grantee
where a.grantee <> r.relowner
group by r.label, o.rolname
union all
select r.label, 'trigger ' || t.tgname, t.tgenabled::text
from pg_catalog.pg_trigger t join relation r on r.oid = t.tgrelid where not t.tgisinternal
union all
select pg_catalog.format('%s.%s(%s)', n.nspname, f.proname, pg_catalog.pg_get_function_identity_arguments(f.oid)), 'function',
  f.provolatile::text || case when f.prosecdef then ' definer ' else ' invoker ' end || coalesce(array_to_string(f.proconfig, ','), '')
from pg_catalog.pg_proc f join pg_catalog.pg_namespace n on n.oid = f.pronamespace
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and ($1::text[] is null or n.nspname = any ($1))
order by 1, 2
