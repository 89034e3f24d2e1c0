-- Triggers and rules of these tables, with what they do. $1: tables.
select g.tgrelid::text as relation, n.nspname as schema, p.proname as name,
  pg_catalog.concat_ws(pg_catalog.chr(10), pg_catalog.pg_get_functiondef(p.oid),
    pg_catalog.substring(pg_catalog.pg_get_triggerdef(g.oid), '(WHEN \(.*\)) EXECUTE '),
    'REFERENCING NEW TABLE AS ' || g.tgnewtable, 'REFERENCING OLD TABLE AS ' || g.tgoldtable) as source
from pg_catalog.pg_trigger g
join pg_catalog.pg_proc p on p.oid = g.tgfoid
join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where g.tgrelid = any ($1::oid[]) and not g.tgisinternal and g.tgenabled <> 'D' and p.prolang <> 12
union all
select r.ev_class::text, n.nspname, c.relname || '.' || r.rulename, pg_catalog.pg_get_ruledef(r.oid)
from pg_catalog.pg_rewrite r
join pg_catalog.pg_class c on c.oid = r.ev_class
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where r.ev_class = any ($1::oid[]) and r.ev_type <> '1' and r.ev_enabled <> 'D'
order by 1, 2, 3
