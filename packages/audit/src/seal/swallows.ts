import type { Queryable } from "@wardkeep/postgres/migrate"
import { capturing } from "./capturing.js"

/**
 * What lets a write pass without its event although each trigger is on, as `what` and the `relation` of which it is so: of the
 * log's own tables a rule, a trigger, another kind, another default, another row-level security or no write-ahead log, a partition that is not
 * attached; of a table that is recorded a rule, or triggers that its row in `pg_class` denies. Columns of rows that the
 * batch's snapshot sees, and no function that looks by itself.
 */
export const swallowsQuery = `
  with part as (
    select i.inhrelid as oid, i.inhdetachpending as leaving from pg_inherits i join pg_class c on c.oid = i.inhparent
      join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'wardkeep_audit' and c.relname = 'event'
  ), log as (
    select c.*, n.nspname || '.' || c.relname as name, c.relname ~ '^event_(other|[0-9]{4}_[0-9]{2})$' as is_month, p.leaving
      from pg_class c join pg_namespace n on n.oid = c.relnamespace left join part p on p.oid = c.oid
     where p.oid is not null or n.nspname = 'wardkeep_audit' and c.relkind in ('r', 'p', 'v', 'm', 'f')
       and (c.relname in ('event', 'log', 'leaf', 'erased', 'checkpoint', 'seal_state') or c.relname ~ '^event_(other|[0-9]{4}_[0-9]{2})$')
  ), recorded as (
    select c.*, n.nspname || '.' || c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where exists (select from pg_trigger t where t.tgrelid = c.oid and ${capturing} and not t.tgisinternal)
  ), found as (
    select 'rule ' || r.rulename || ' on ' || t.name as what, t.name as relation
      from (select oid, name from log union select oid, name from recorded) t join pg_rewrite r on r.ev_class = t.oid where r.ev_type <> '1'
    union all
    -- A row trigger on the whole is told once, and not again for each partition.
    select 'trigger ' || t.tgname || ' on ' || l.name, l.name from log l join pg_trigger t on t.tgrelid = l.oid
     where not t.tgisinternal and not exists (select from pg_trigger w join log o on o.oid = w.tgrelid where w.oid = t.tgparentid)
    union all
    select 'hidden triggers of ' || r.name, r.name from recorded r where not r.relhastriggers
    union all
    select 'kind of ' || l.name, l.name from log l
     where l.relkind <> case when l.name = 'wardkeep_audit.event' then 'p' else 'r' end::"char" or l.relpersistence <> 'p'
    union all
    select 'row-level security of ' || l.name, l.name from log l
     where not l.relrowsecurity or l.relforcerowsecurity or exists (select from pg_policy p where p.polrelid = l.oid)
    union all
    select 'detached partition ' || l.name, l.name from log l where l.is_month and l.leaving is distinct from false
    union all
    select 'default of ' || l.name || '.' || a.attname, l.name from log l join pg_attribute a on a.attrelid = l.oid and a.attnum > 0 and not a.attisdropped
      left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      left join (values ('xid', 'pg_current_xact_id()'), ('id', 'nextval(''event_id''::regclass)'), ('at', 'clock_timestamp()'), ('groups', '''{}''::text[]'), ('n', '1'))
        as m (name, text) on m.name = a.attname
     where l.name = 'wardkeep_audit.event' and (replace(replace(pg_get_expr(d.adbin, d.adrelid), 'pg_catalog.', ''), 'wardkeep_audit.', '') is distinct from m.text
       -- The server's own functions are in no dependency: one of the same name is.
       or exists (select from pg_depend p where p.classid = 'pg_attrdef'::regclass and p.objid = d.oid and p.refclassid = 'pg_proc'::regclass))
  )
  select what, relation from found order by what collate "C"`

export async function swallows(client: Queryable): Promise<string[]> {
  const { rows } = await client.query<{ what: string }>(swallowsQuery)
  return rows.map(({ what }) => what)
}
