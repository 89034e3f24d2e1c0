import type { Queryable } from "../database/queryable.js"

export type Strategy = "portable" | "accelerated"

/**
 * How the context is verified in this database. Read from the catalog, because EXECUTE on `wardkeep.strategy()` is the
 * application's alone. What only the accelerated strategy has tells it, and any one of it: what somebody dropped is missing.
 */
export async function currentStrategy(client: Queryable): Promise<Strategy> {
  const { rows } = await client.query<{ accelerated: boolean }>(
    `select exists (
       select from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname = 'wardkeep'
          and (p.proname || '(' || oidvectortypes(p.proargtypes) || ')' in ('enter(text, text)', 'refuse_entry(text, text)', 'branches_looked_up()', 'is_owner(text)')
               or p.proname = 'strategy' and p.pronargs = 0 and pg_get_function_sqlbody(p.oid) like '%accelerated%')
     ) as accelerated`,
  )
  return rows[0]?.accelerated === true ? "accelerated" : "portable"
}
