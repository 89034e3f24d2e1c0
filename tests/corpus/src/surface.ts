import type { Client } from "pg"

/** What a login can reach, as PostgreSQL itself answers it for the role in force. */
export interface Reachable {
  readonly relation: string
  readonly selectable: readonly string[]
  readonly updatable: readonly string[]
  readonly insertable: readonly string[]
  readonly mayDelete: boolean
  readonly isView: boolean
}

const relationsSql = `
select format('%I.%I', n.nspname, c.relname) as relation, c.relkind in ('v', 'm') as "isView",
       has_table_privilege(c.oid, 'delete') as "mayDelete",
       array(select quote_ident(attname) from columns where has_column_privilege(c.oid, attnum, 'select')) as selectable,
       array(select quote_ident(attname) from columns
              where attgenerated = '' and has_column_privilege(c.oid, attnum, 'update')) as updatable,
       array(select quote_ident(attname) from columns
              where attgenerated = '' and has_column_privilege(c.oid, attnum, 'insert')) as insertable
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
 where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
   and has_schema_privilege(n.oid, 'usage')
 order by 1`

const columnsSql = `(select a.attname, a.attnum, a.attgenerated from pg_attribute a
  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by a.attnum) as columns`

export async function reachableRelations(client: Client): Promise<Reachable[]> {
  const { rows } = await client.query<Reachable>(relationsSql.replaceAll("from columns", `from ${columnsSql}`))
  return rows
}

export interface Callable {
  readonly name: string
  readonly argumentTypes: readonly string[]
}

/** Functions of the system that the role in force may execute; extensions and triggers are not among them. */
export async function callableFunctions(client: Client): Promise<Callable[]> {
  const { rows } = await client.query<Callable>(`
    select format('%I.%I', n.nspname, p.proname) as name,
           array(select format_type(t, null) from unnest(p.proargtypes) with ordinality as u (t, at)
                  where at <= p.pronargs - p.pronargdefaults order by at) as "argumentTypes"
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and p.prokind in ('f', 'p')
       and p.prorettype <> 'trigger'::regtype and p.prorettype <> 'event_trigger'::regtype
       and has_schema_privilege(n.oid, 'usage') and has_function_privilege(p.oid, 'execute')
       and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
     order by 1`)
  return rows
}
