import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { type Column, columnOf, quoted } from "../../catalog/relation.js"
import { belongsTo } from "../../catalog/whose.js"
import { hitsTooMany, sparing, victimSees } from "../../probe/blind.js"
import { numberOf } from "../../probe/facts.js"
import { drawnValue } from "../../probe/fresh.js"
import type { Ground } from "../../probe/ground.js"
import { freshColumns, literalsOf } from "../../probe/insertion.js"
import { onBoth, type Way } from "../../probe/way.js"

export const takeOverWay: Way = { statement: "UPDATE", given: "blind, the tenant column to one's own key", on: onBoth }

/** What makes a row the attacker's: its key in the tenant column, or what a row of its own says instead. */
function ownTenant({ relation, attacker, mine }: Ground): Readonly<Record<string, string>> | undefined {
  const { tenancy } = relation
  const [key] = attacker.keys
  const [sample] = mine.rows
  if (tenancy.by === "derived") return sample && literalsOf(relation, tenancy.columns, sample)
  if (tenancy.by !== "column" || key === undefined) return undefined
  const { name, base, category, generated } = tenancy.column
  return category === "A" || generated ? undefined : { [name]: `${quoteLiteral(key)}::${base}` }
}

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
  const whose = ownTenant(ground)
  if (whose === undefined || !Object.keys(whose).every((name) => rights.update.includes(name))) return
  const alone = Object.entries(whose)
    .map(([name, value]) => `${quoteIdent(name)} = ${value}`)
    .join(", ")
  const fresh = [...freshColumns(relation, whose)]
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
    const own = `select count(*) from ${quoted(relation)} as wk_row where ${belongsTo(relation, "wk_row", attacker.keys)}`
    if (hit.left === undefined ? await hitsTooMany(ground, hit.changed) : hit.left < before) {
      const evidence = `an UPDATE without WHERE made ${hit.changed} rows the attacker's, rows of tenant ${victim.name} among them`
      return { statements: [attack, own], evidence }
    }
  }
  return undefined
}
