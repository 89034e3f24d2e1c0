import type { Queryable } from "../maintenance/queryable.js"

export type Strategy = "portable" | "accelerated"

/**
 * How the context is verified in this database. Read from the catalog, because EXECUTE on `wardkeep.strategy()` is the
 * application's alone; the accelerated strategy brings a function of its own.
 */
export async function currentStrategy(client: Queryable): Promise<Strategy> {
  const { rows } = await client.query<{ accelerated: boolean }>(
    "select exists (select from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'wardkeep' and p.proname = 'enter') as accelerated",
  )
  return rows[0]?.accelerated === true ? "accelerated" : "portable"
}
