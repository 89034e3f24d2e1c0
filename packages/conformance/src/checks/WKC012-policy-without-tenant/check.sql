-- title: A permissive policy does not ask for the tenant
-- severity: leak
-- cwe: CWE-863
-- cvss: CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:N
-- proof: WKC020 WKC022 WKC023 WKC024 WKC025 WKC030
select
  t.label as object,
  'Policy ' || p.polname || ' lets rows through without comparing ' || t.tenant_column || '; permissive policies are ORed.' as message,
  'policy ' || p.polname || ' for ' || case p.polcmd when 'r' then 'SELECT' when 'a' then 'INSERT' when 'w' then 'UPDATE' when 'd' then 'DELETE' else 'ALL' end as evidence,
  'select polname, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid) from pg_policy where polrelid = ' || quote_literal(t.name) || '::regclass;' as replay,
  'drop policy ' || quote_ident(p.polname) || ' on ' || t.name || '; or compare the tenant in it.' as fix
from tenant_table t
join pg_catalog.pg_policy p on p.polrelid = t.oid and p.polpermissive
where t.rls
  and t.tenant_column is not null
  and exists (select from app_role r where 0 = any (p.polroles) or exists (
    select from unnest(p.polroles) as m where m <> 0 and pg_catalog.pg_has_role(r.oid, m, 'USAGE')))
  and (
    p.polcmd <> 'a' and not exists (
      select from pg_catalog.pg_depend d
      where d.classid = 'pg_catalog.pg_policy'::regclass and d.objid = p.oid
        and d.refobjid = t.oid and d.refobjsubid = t.tenant_attnum
    )
    or p.polwithcheck is not null and pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid) !~ ('\y' || t.tenant_column || '\y')
  )
  -- A restrictive policy for everybody and every command asks in its place.
  and not exists (
    select from pg_catalog.pg_policy f
    join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_policy'::regclass and d.objid = f.oid
      and d.refobjid = t.oid and d.refobjsubid = t.tenant_attnum
    where f.polrelid = t.oid and not f.polpermissive and f.polcmd = '*' and 0 = any (f.polroles)
  )
