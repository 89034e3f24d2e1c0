import type pg from "pg"

/**
 * What lets a write pass without its event although each trigger is on, by the names of FORMATS.md. Of the catalog alone: a
 * function of the database that is verified would say what whoever changed it wants.
 */
const question = `
  with event as (
    select c.oid from pg_class c, pg_namespace n where n.oid = c.relnamespace and n.nspname = 'wardkeep_audit' and c.relname = 'event'
  ), relation as (
    select c.*, n.nspname || '.' || c.relname as name,
           (select not bool_or(i.inhdetachpending) from pg_inherits i where i.inhrelid = c.oid and i.inhparent in (table event)) as attached,
           n.nspname = 'wardkeep_audit' and c.relname ~ '^event_([0-9]{4}_[0-9]{2}|other)$' as is_month,
           n.nspname = 'wardkeep_audit' and c.relname = any ('{event,log,leaf,erased,checkpoint,seal_state}') as is_own,
           exists (select from pg_trigger t where t.tgrelid = c.oid and not t.tgisinternal
             and (starts_with(t.tgname, 'wk_audit_') or t.tgname = 'wk_sealed_emergency')) as is_recorded
      from pg_class c, pg_namespace n where n.oid = c.relnamespace and c.relkind = any ('{r,p,v,m,f}')
  ), log as (
    select * from relation where is_own or is_month or attached is not null
  )
  select concat('rule ', r.rulename, ' on ', t.name) as what from pg_rewrite r, relation t
   where t.oid = r.ev_class and r.ev_type <> '1' and (t.is_recorded or t.oid in (select oid from log))
  union all
  select concat('trigger ', g.tgname, ' on ', l.name) from pg_trigger g, log l
   where l.oid = g.tgrelid and not g.tgisinternal and g.tgparentid not in (select w.oid from pg_trigger w, log o where o.oid = w.tgrelid)
  union all
  select concat('hidden triggers of ', name) from relation where is_recorded and not relhastriggers
  union all
  select concat('kind of ', name) from log where relpersistence <> 'p' or relkind <> case when oid in (table event) then 'p' else 'r' end::"char"
  union all
  select concat('row-level security of ', name) from log
   where relforcerowsecurity or not relrowsecurity or oid in (select polrelid from pg_policy)
  union all
  select concat('detached partition ', name) from log where is_month and attached is not true
  union all
  select concat('default of wardkeep_audit.event.', a.attname)
    from pg_attribute a left join pg_attrdef d on (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
   where a.attrelid in (table event) and a.attnum > 0 and not a.attisdropped
     and (coalesce(regexp_replace(pg_get_expr(d.adbin, d.adrelid), '(pg_catalog|wardkeep_audit)[.]', '', 'g'), '') <> case a.attname
         when 'xid' then 'pg_current_xact_id()' when 'id' then $$nextval('event_id'::regclass)$$ when 'at' then 'clock_timestamp()'
         when 'groups' then $$'{}'::text[]$$ when 'n' then '1' else '' end
       or d.oid in (select objid from pg_depend where classid = 'pg_attrdef'::regclass and refclassid = 'pg_proc'::regclass))`

export async function swallowing(client: Pick<pg.Client, "query">): Promise<string[]> {
  const { rows } = await client.query<{ what: string }>(question)
  return rows.map(({ what }) => what).sort()
}
