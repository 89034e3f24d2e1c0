-- Functions and procedures that the role in force may call, without the server's own and extensions'.
select
  p.oid::text as oid,
  n.nspname as schema,
  p.proname as name,
  p.prokind = 'p' as procedure,
  p.prosecdef as definer,
  o.rolname as owner,
  o.rolsuper or o.rolbypassrls as "ownerExempt",
  l.lanname as language,
  p.provolatile::text as volatility,
  pg_catalog.pg_get_functiondef(p.oid) as source,
  pg_catalog.format_type(p.prorettype, null) as returns,
  array(
    select json_build_object('name', coalesce(p.proargnames[i.place], ''), 'type', pg_catalog.format_type(i.type, null),
      'base', pg_catalog.format_type(case when t.typtype = 'd' then t.typbasetype else t.oid end, null), 'category', t.typcategory,
      'optional', i.mode <> 'o' and i.nth > p.pronargs - p.pronargdefaults,
      'out', i.mode = 'o',
      'variadic', i.mode = 'v',
      'labels', array(select e.enumlabel from pg_catalog.pg_enum e where e.enumtypid = m.oid order by e.enumsortorder),
      'fields', array(
        select json_build_object('name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
          'base', pg_catalog.format_type(case when u.typtype = 'd' then u.typbasetype else u.oid end, null), 'category', u.typcategory,
          'labels', array(select e.enumlabel from pg_catalog.pg_enum e where e.enumtypid = u.oid order by e.enumsortorder))
        from pg_catalog.pg_attribute a join pg_catalog.pg_type u on u.oid = a.atttypid
        where m.typtype = 'c' and a.attrelid = m.typrelid and a.attnum > 0 and not a.attisdropped order by a.attnum
      ))
    -- CALL takes a value for what only comes out, since 14.
    from (
      select q.*, count(*) filter (where q.mode <> 'o') over (order by q.place) as nth
      from unnest(coalesce(p.proallargtypes, p.proargtypes::oid[]), p.proargmodes) with ordinality as w (type, given, place)
      cross join lateral (select w.type, w.place, coalesce(w.given, 'i'::"char") as mode) as q
      where q.mode in ('i', 'b', 'v') or (q.mode = 'o' and p.prokind = 'p')
    ) as i
    join pg_catalog.pg_type t on t.oid = i.type
    -- Of a domain what it is made of, of an array what it holds.
    join pg_catalog.pg_type m on m.oid = case when t.typtype = 'd' then t.typbasetype when t.typcategory = 'A' then t.typelem else t.oid end
    order by i.place
  ) as arguments
from pg_catalog.pg_proc p
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
join pg_catalog.pg_language l on l.oid = p.prolang
join pg_catalog.pg_roles o on o.oid = p.proowner
where p.prokind in ('f', 'p')
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and p.prorettype not in ('pg_catalog.trigger'::regtype, 'pg_catalog.event_trigger'::regtype)
  and pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  and pg_catalog.has_function_privilege(p.oid, 'EXECUTE')
  and not exists (
    select from pg_catalog.pg_depend d
    where d.classid = 'pg_catalog.pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e'
  )
order by n.nspname, p.proname, p.oid
