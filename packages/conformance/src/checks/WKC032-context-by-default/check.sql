-- title: A context is set by default for a role or the database
-- severity: leak
-- cwe: CWE-1188
-- cvss: CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N
select
  coalesce(r.rolname, 'database ' || d.datname, 'server') as object,
  case when w.is_nobody then 'Every session that forgets its context has a default of ' || s.name || ', which reads as nobody.'
    else 'Every session that forgets its context is put into the one that ' || s.name || ' has by default.' end as message,
  s.name || ' has a default' || case when w.is_nobody then '; see to it that it is nobody''s' when w.is_tenant then ', and it is a tenant''s'
    else ', and it may be that of a tenant that the target does not name' end as evidence,
  '-- in a new session of the application''s login' || chr(10) || 'select current_setting(' || quote_literal(s.name) || ') <> '''';' as replay,
  'alter ' || case when r.rolname is not null then 'role ' || quote_ident(r.rolname) else 'database ' || quote_ident(d.datname) end
    || ' reset ' || s.name || ';' as fix,
  case when w.is_nobody then 'hygiene' else 'leak' end as severity
from pg_catalog.pg_db_role_setting x
cross join lateral unnest(x.setconfig) as one (setting)
cross join lateral (
  select split_part(one.setting, '=', 1) as name, substr(one.setting, strpos(one.setting, '=') + 1) as value
) as s
join context_setting c on c.name = s.name
left join pg_catalog.pg_roles r on r.oid = x.setrole
left join pg_catalog.pg_database d on d.oid = x.setdatabase
cross join lateral (
  select exists (
    select from tenant_key k where s.value = any (c.values)
      or s.value ~ ('(^|[^[:alnum:]])' || regexp_replace(k.key, '([^[:alnum:]])', '\\\1', 'g') || '($|[^[:alnum:]])')
  ) as is_tenant
) as t
cross join lateral (
  -- `-1` is nobody although `1` is a tenant.
  select t.is_tenant, s.value <> all (c.values) and not exists (select from tenant_key k where k.key = s.value)
    and lower(s.value) in ('0', '-1', '00000000-0000-0000-0000-000000000000', 'none', 'nobody', 'null') as is_nobody
) as w
-- What every tenant sets alike, such as a language, says of no one whose session it is.
where s.value <> ''
  and (cardinality(c.values) > 1 or exists (select from tenant_key k where k.key = any (c.values)))
  and (x.setdatabase = 0 or d.datname = current_database())
  and (x.setrole = 0 or exists (select from app_login l where l.oid = x.setrole))
