import { quoteIdent } from "@wardkeep/core"
import { columnOf, quoted } from "../../catalog/relation.js"
import { sparing } from "../../probe/blind.js"
import type { Ground } from "../../probe/ground.js"
import { keyAs } from "../../probe/key-as.js"
import { policyColumns } from "../../probe/policy-parts.js"
import { closedTables, reached } from "../../probe/reach.js"
import type { Way } from "../../probe/way.js"
import type { TakenOver } from "./take-over.js"

export const joiningWay: Way = {
  statement: "UPDATE",
  given: "blind, oneself into a column that a policy asks",
  on: ["tables"],
}

/** Of a wide table, the first ones. */
const columnLimit = 8

/**
 * A row may say who else sees it: a list of readers, the laboratory that claimed it. Where the USING of an UPDATE asks only
 * what the row says now, the attacker writes itself there, without reading a column, and the row is shown to it.
 */
export async function joining(ground: Ground): Promise<TakenOver | undefined> {
  const { scene, record, label, relation, attacker, victim, rights } = ground
  const named = (await policyColumns(scene)).filter(({ relation: oid }) => oid === relation.oid)
  const tenant = relation.tenancy.by === "column" ? relation.tenancy.column.name : ""
  const columns = named
    .flatMap(({ name }) => columnOf(relation, name) ?? [])
    .filter(({ name, generated }) => name !== tenant && !generated && rights.update.includes(name))
  if (columns.length === 0 || (await closedTables(scene, ground, [relation])).length === 0) return undefined
  for (const column of columns.slice(0, columnLimit)) {
    for (const value of attacker.keys.slice(0, 2).flatMap((key) => keyAs(column, key))) {
      const attack = `update ${quoted(relation)} set ${quoteIdent(column.name)} = ${value}${sparing(relation)}`
      const seen = await attacker.act(async (tx) => {
        const { error, count } = await tx.keep(attack)
        if (error !== undefined) return undefined
        record.probe(label)
        if (count > 0) record.control()
        return await reached(scene, tx, { attacker, victim }, [relation])
      })
      if (seen === undefined) continue
      const evidence = `an UPDATE without WHERE wrote the attacker into ${column.name}, and then ${seen.count} rows of tenant ${victim.name} were seen`
      return { statements: [attack, seen.attack], evidence }
    }
  }
  return undefined
}
