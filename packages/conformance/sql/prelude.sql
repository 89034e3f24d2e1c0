-- What every catalog check may use. $1: the target as JSON. Kept open: the check's query follows.
wk as (select $1::jsonb as target),
-- Tables that hold tenants' rows; tenant_column is null where a parent holds it.
tenant_table as (
  select
    c.oid, c.relkind, c.relrowsecurity as rls, c.relforcerowsecurity as forced, c.relowner, c.relispartition,
    n.nspname || '.' || c.relname as label,
    quote_ident(n.nspname) || '.' || quote_ident(c.relname) as name,
    x."column" as tenant_column,
    (select a.attnum from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attname = x."column") as tenant_attnum
  from wk
  cross join lateral jsonb_to_recordset(wk.target -> 'tables') as x (oid oid, "column" text)
  join pg_catalog.pg_class c on c.oid = x.oid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
),
app_login as (
  select r.* from wk cross join lateral jsonb_array_elements_text(wk.target -> 'logins') as x (name)
  join pg_catalog.pg_roles r on r.rolname = x.name
),
-- Roles in whose name the application's statements run: its logins and the roles it sets.
app_role as (
  select r.* from wk cross join lateral jsonb_array_elements_text((wk.target -> 'logins') || (wk.target -> 'roles')) as x (name)
  join pg_catalog.pg_roles r on r.rolname = x.name
),
target_schema as (
  select n.oid, n.nspname from wk cross join lateral jsonb_array_elements_text(wk.target -> 'schemas') as x (name)
  join pg_catalog.pg_namespace n on n.nspname = x.name
),
context_setting as (
  -- values: what the tenants set it to.
  select x.name, x.values from wk cross join lateral jsonb_to_recordset(wk.target -> 'settings') as x (name text, values text[])
),
tenant_key as (
  select x.key from wk cross join lateral jsonb_array_elements_text(wk.target -> 'keys') as x (key)
)
