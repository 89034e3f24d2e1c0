import type { Queryable } from "./queryable.js"

/**
 * The work under settings of its own; what was set before is set again, also when the work throws. Inside a transaction
 * that failed, its rollback does that.
 */
export async function withSettings<T>(
  client: Queryable,
  settings: Readonly<Record<string, string>>,
  work: () => Promise<T>,
): Promise<T> {
  const names = Object.keys(settings)
  const { rows } = await client.query<{ name: string; before: string; now: string }>(
    `select name, current_setting(name) as before, set_config(name, value, false) as now
       from unnest($1::text[], $2::text[]) as s(name, value)`,
    [names, Object.values(settings)],
  )
  try {
    return await work()
  } finally {
    await client
      .query("select set_config(name, value, false) from unnest($1::text[], $2::text[]) as s(name, value)", [
        names,
        rows.map((row) => row.before),
      ])
      .catch(() => undefined)
  }
}

/**
 * Compiling a question to the catalog to machine code takes far longer than answering it: the planner expects a thousand
 * relations below each partitioned table, and the packages of Debian bring the compiler along.
 */
export const interpreted = { jit: "off" } as const
