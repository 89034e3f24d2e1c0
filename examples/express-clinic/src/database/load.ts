import type pg from "pg"
import { asOwner, load } from "wardkeep/migrate"
import { careTables } from "../data/care.js"
import { drugs } from "../data/drugs.js"
import type { World } from "../data/world.js"
import policy from "../policy.js"

/** Bulk loads under the fence: COPY into staging, then one INSERT … SELECT per tenant, with the counts proven. */
export async function loadWorld(client: pg.Client, world: World): Promise<void> {
  const tables: readonly (readonly [string, readonly object[]])[] = [
    ["patient", world.patients],
    ...careTables.map((table) => [table, world.care[table]] as const),
  ]
  for (const [table, rows] of tables) {
    const [first] = rows
    if (first === undefined) continue
    const columns = Object.keys(first)
    await load({ client, policy, table, columns, rows: inOrder(columns, rows), reason: "demo data" })
    // Without statistics the checks of the next table's foreign keys would read whole indexes.
    await asOwner(client, policy, () => client.query(`analyze ${table}`))
  }
}

function* inOrder(columns: readonly string[], rows: readonly object[]): Generator<readonly unknown[]> {
  for (const row of rows) {
    const values = new Map(Object.entries(row))
    yield columns.map((column) => values.get(column))
  }
}

/** Reference data belongs to no tenant, so it comes with the host's migrations. */
export async function seedDrugs(client: pg.Client): Promise<void> {
  await client.query(
    `insert into drug (id, name, form, strength)
     select d.id, d.name, d.form, d.strength from jsonb_to_recordset($1) as d(id int, name text, form text, strength text)`,
    [JSON.stringify(drugs)],
  )
}
