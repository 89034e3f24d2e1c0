import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { type Column, isTable, labelOf, quoted, type Relation } from "../../catalog/relation.js"
import { belongsTo } from "../../catalog/whose.js"
import type { Transaction } from "../../database/transaction.js"
import { numberOf } from "../../probe/facts.js"
import { freshValue } from "../../probe/fresh.js"
import { holdsTenants } from "../../probe/ground.js"
import type { Pair } from "../../probe/pair.js"
import { defineProbe, type Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"
import { estimatedRows, filteredRows, ratioOf } from "./measure.js"

export const probe = defineProbe({
  code: "WKC095",
  title: "EXPLAIN and timing tell of other tenants' rows, measured",
  severity: "hygiene",
  cwe: "CWE-203",
  cvss: "CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:U/C:L/I:N/A:N",
  run: async (scene, record) => {
    const [pair] = scene.pairs
    if (pair === undefined) return
    const largest = scene.catalog.relations
      .filter((relation) => holdsTenants(relation) && isTable(relation) && relation.rls)
      .sort((a, b) => b.tuples - a.tuples)
      .slice(0, 5)
    for (const relation of largest) {
      scene.step(labelOf(relation))
      await measure(scene, record, pair, relation)
    }
  },
})

async function measure(scene: Scene, record: CheckRecord, pair: Pair, relation: Relation): Promise<void> {
  const { attacker } = pair
  const known = await theirValue(scene, pair, relation)
  if (known === undefined) {
    return record.say(`${labelOf(relation)} was not measured: no value of it is one tenant's and not the other's`)
  }
  const { column, value, nobodys } = known
  const query = (text: string): string => `select 1 from ${quoted(relation)} where ${quoteIdent(column.name)} = ${text}`
  const measured = await attacker.act(async (tx) => {
    const [theirs, none] = [await estimatedRows(tx, query(value)), await estimatedRows(tx, query(nobodys))]
    if (theirs === undefined || none === undefined) return undefined
    return {
      theirs,
      none,
      filtered: await filteredRows(tx, `select 1 from ${quoted(relation)}`),
      ratio: await ratioIn(tx, query(value), query(nobodys)),
    }
  })
  record.probe(labelOf(relation))
  if (measured === undefined) return
  record.control()
  const { theirs, none, filtered, ratio } = measured
  const numbers = `EXPLAIN estimated ${theirs} rows for a value of ${column.name} that only another tenant has and ${none} for one that nobody has; ${filtered} rows were counted as filtered away; the first query took ${ratio} times as long as the second`
  // Always said: no estimate and no time is low enough to be nothing.
  record.say(`${labelOf(relation)}: ${numbers}.`)
  // The value itself is somebody's: whoever repeats it puts it in.
  const replay = attacker.replay(`explain ${query(":'value'")}`, `explain (analyze) select 1 from ${quoted(relation)}`)
  if (theirs >= 2 * none && theirs >= none + 5) {
    record.found({
      object: labelOf(relation),
      message: `EXPLAIN tells tenant ${attacker.name} whether other tenants have a certain ${column.name}, and about how many.`,
      evidence: numbers,
      replay,
      fix: `Keep EXPLAIN from whoever is not trusted with it; alter table ${quoted(relation)} alter column ${quoteIdent(column.name)} set statistics 0; or partition the table by tenant.`,
    })
  }
  if (filtered > 0) {
    record.found({
      object: "server",
      message:
        "EXPLAIN ANALYZE counts the rows that policies filter away; no privilege of PostgreSQL takes it from a login.",
      evidence: `${labelOf(relation)}: ${numbers}`,
      replay,
      fix: "Let no statement of a user's reach the database; lead an index with the tenant, or partition by it, so that other tenants' rows are not read.",
    })
  }
}

interface Known {
  readonly column: Column
  readonly value: string
  readonly nobodys: string
}

/** The victim's most frequent value that the attacker does not have, of a column that no key holds. */
async function theirValue(scene: Scene, { attacker, victim }: Pair, relation: Relation): Promise<Known | undefined> {
  const keyed = new Set(relation.keys.flatMap(({ columns }) => columns))
  const rights = await scene.rights.of(attacker, relation)
  for (const column of relation.columns) {
    const nobodys = freshValue(column)
    const usable = (column.category === "S" || column.category === "N") && rights.select.includes(column.name)
    if (!usable || keyed.has(column.name) || nobodys === undefined) continue
    const name = `wk_row.${quoteIdent(column.name)}`
    const [theirs, own] = [belongsTo(relation, "wk_row", victim.keys), belongsTo(relation, "wk_row", attacker.keys)]
    const { rows } = await scene.facts.ask(
      `select ${name}::text as value from ${quoted(relation)} as wk_row where ${name} is not null group by ${name} having bool_or(${theirs}) and not bool_or(coalesce(${own}, false)) order by count(*) desc limit 1`,
    )
    const [row] = rows
    if (row !== undefined) return { column, value: `${quoteLiteral(String(row.value))}::${column.base}`, nobodys }
  }
  return undefined
}

async function ratioIn(tx: Transaction, first: string, second: string): Promise<string> {
  return await ratioOf(
    async () => void numberOf((await tx.attempt(first)).rows),
    async () => void numberOf((await tx.attempt(second)).rows),
  )
}
