import { labelOf, quoted, type Relation } from "../catalog/relation.js"
import { belongsTo } from "../catalog/whose.js"
import type { Transaction } from "../database/transaction.js"
import type { Scene } from "../run/check.js"
import { aims } from "./aim.js"
import { holdsTenants } from "./ground.js"
import type { Pair } from "./pair.js"
import type { Planted } from "./plant.js"
import { closedTables } from "./reach.js"
import { namesAttacker } from "./shown-by-functions.js"

/** Rows above which a table is left as it is: they would all stay locked. */
const manyRows = 1_000

/** Tables whose rows of the victim's are no business of the attacker's: it is shown none, and none names it. */
export async function concealed(scene: Scene, pair: Pair): Promise<Relation[]> {
  const found: Relation[] = []
  const tables = scene.catalog.relations.filter(holdsTenants)
  for (const table of await closedTables(scene, pair, tables)) {
    const { delete: mayDelete } = await scene.rights.of(pair.victim, table)
    if (!mayDelete || (await scene.facts.owned(table, pair.victim)).count === 0) continue
    if ((await areFew(scene, pair, table)) && !(await namesAny(scene, pair, table))) found.push(table)
  }
  return found
}

/** With those that would go along, and theirs. */
async function areFew(scene: Scene, pair: Pair, table: Relation, seen = new Set<string>()): Promise<boolean> {
  seen.add(table.oid)
  const count = holdsTenants(table) ? (await scene.facts.owned(table, pair.victim)).count : table.tuples
  if (count > manyRows) return false
  const along = scene.catalog.relations.filter(
    ({ oid, keys }) => !seen.has(oid) && keys.some((key) => key.parent === table.oid && /^[cnd]$/.test(key.onDelete)),
  )
  for (const child of along) if (!(await areFew(scene, pair, child, seen))) return false
  return true
}

/** Of all the victim's rows there, not only of those that were read. */
async function namesAny({ facts }: Scene, pair: Pair, table: Relation): Promise<boolean> {
  const { attacker, victim } = pair
  const own = numbersOf(table)
  const { rows, count } = await facts.owned(table, victim)
  if (rows.some(({ values }) => namesAttacker(pair, without(values, own)))) return true
  if (rows.length === count) return false
  const json = "(to_jsonb(wk_row) - $1::text[])"
  const quotes = attacker.keys.map((_, at) => `strpos(${json}::text, to_jsonb(($2::text[])[${at + 1}])::text) > 0`)
  const value = `exists (select from jsonb_each_text(${json}) as e where e.value = any ($2::text[]))`
  const asked = await facts.ask(
    `select from ${quoted(table)} as wk_row where ${belongsTo(table, "wk_row", victim.keys)} and (${[value, ...quotes].join(" or ")}) limit 1`,
    [own, [...attacker.keys]],
  )
  // What cannot be known may be.
  return asked.error !== undefined || asked.rows.length > 0
}

/** Numbers of the row's own: that one is also a tenant's key says nothing. */
const numbersOf = ({ columns, keys }: Relation): string[] =>
  columns
    .filter(({ category }) => category === "N")
    .map(({ name }) => name)
    .filter((name) => !keys.some(({ kind, columns: of }) => kind === "f" && of.includes(name)))
    .filter((name) => keys.some(({ kind, columns: of }) => kind === "p" && of.includes(name)))

const without = (values: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).filter(([name]) => !names.includes(name)))

/** As the victim: deletes its rows there, children before their parents. Undone with the transaction. */
export async function remove(
  tx: Transaction,
  scene: Scene,
  { victim }: Pair,
  tables: readonly Relation[],
  prefix: string,
): Promise<Planted> {
  const statements: string[] = []
  const done = new Set<string>()
  let left = tables
  for (let round = 0; round < 3 && left.length > 0; round++) {
    const refused: Relation[] = []
    for (const table of left) {
      scene.step(labelOf(table))
      const where = aims(table, victim, await scene.facts.owned(table, victim))[0]
      const { error, count } = await tx.keep(`delete from ${quoted(table)} as wk_row where ${where ?? "false"}`)
      if (error?.code === "23503") refused.push(table)
      if (error !== undefined || count === 0) continue
      statements.push(`delete from ${quoted(table)} as wk_row where ${where}`)
      done.add(table.oid)
    }
    left = refused
  }
  return { prefix, statements, tables: done, without: [] }
}
