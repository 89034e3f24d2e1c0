import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { type Column, columnOf, quoted } from "../../catalog/relation.js"
import { belongsTo } from "../../catalog/whose.js"
import { hitsTooMany, sparing, victimSees } from "../../probe/blind.js"
import { numberOf } from "../../probe/facts.js"
import { drawnValue } from "../../probe/fresh.js"
import type { Ground } from "../../probe/ground.js"
import { freshColumns } from "../../probe/insertion.js"
import { onBoth, type Way } from "../../probe/way.js"

export const takeOverWay: Way = { statement: "UPDATE", given: "blind, the tenant column to one's own key", on: onBoth }

export interface TakenOver {
  /** The attack, and what shows it. */
  readonly statements: readonly string[]
  readonly evidence: string
}

/**
 * Every row that the USING lets pass becomes the attacker's own: a WITH CHECK that compares the tenant finds nothing wrong
 * with that, and a statement that reads no column needs no SELECT policy. Rows of nobody may be claimed so: only what the
 * victim misses counts.
 */
export async function takeOver(ground: Ground): Promise<TakenOver | undefined> {
  const { record, label, relation, attacker, victim, rights } = ground
  const [key] = attacker.keys
  const { tenancy } = relation
  if (tenancy.by !== "column" || key === undefined || tenancy.column.category === "A" || tenancy.column.generated)
    return
  if (!rights.update.includes(tenancy.column.name)) return
  const alone = `${quoteIdent(tenancy.column.name)} = ${quoteLiteral(key)}::${tenancy.column.base}`
  const fresh = [...freshColumns(relation, { [tenancy.column.name]: "" })]
    .filter((name) => rights.update.includes(name))
    .flatMap((name) => columnOf(relation, name) ?? [])
    .flatMap((column: Column) => {
      const value = drawnValue(column)
      return value === undefined ? [] : [`${quoteIdent(column.name)} = ${value}`]
    })
  const theirs = belongsTo(relation, "wk_row", victim.keys)
  const count = `select count(*) from ${quoted(relation)} as wk_row where ${theirs}`
  const before = await victim.look(async (tx) => numberOf((await tx.attempt(count)).rows))
  for (const set of [[alone], ...(fresh.length > 0 ? [[alone, ...fresh]] : [])]) {
    const attack = `update ${quoted(relation)} set ${set.join(", ")}${sparing(relation)}`
    const hit = await attacker.act(async (tx) => {
      const { error, count: changed } = await tx.keep(attack)
      if (error !== undefined) return undefined
      return { changed, left: await victimSees(tx, ground, theirs) }
    })
    if (hit === undefined) continue
    record.probe(label)
    if (hit.changed > 0) record.control()
    if (hit.changed === 0) continue
    const own = `select count(*) from ${quoted(relation)} as wk_row where ${belongsTo(relation, "wk_row", [key])}`
    if (hit.left === undefined ? await hitsTooMany(ground, hit.changed) : hit.left < before) {
      const evidence = `an UPDATE without WHERE made ${hit.changed} rows the attacker's, rows of tenant ${victim.name} among them`
      return { statements: [attack, own], evidence }
    }
  }
  return undefined
}
