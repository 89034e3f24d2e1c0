import { quoteIdent } from "@wardkeep/core"
import { columnOf, labelOf, quoted, type Relation } from "../../catalog/relation.js"
import { tenantColumns } from "../../catalog/whose.js"
import { holdsTenants } from "../../probe/ground.js"
import { hidden } from "../../probe/hidden.js"
import type { Pair } from "../../probe/pair.js"
import type { Scene } from "../../run/check.js"

/** Columns that are written, and values that each is given. */
const limits = { columns: 6, values: 3 }

/**
 * Own rows of this table that say what the victim's rows of another table say under the same name, where one policy reads both:
 * the mail address that somebody was invited by, in the profile that everybody may edit.
 *
 * @param beside tables that policies read together with this one
 */
export async function borrowed(
  scene: Scene,
  { attacker, victim }: Pair,
  used: Relation,
  beside: readonly Relation[],
): Promise<string[]> {
  const rights = await scene.rights.of(attacker, used)
  const tenant = tenantColumns(used)
  const columns = used.columns.filter(
    ({ name, category, enum: isEnum, generated }) =>
      rights.update.includes(name) && category === "S" && !isEnum && !generated && !tenant.includes(name),
  )
  const found: string[] = []
  for (const { name, base } of columns.slice(0, limits.columns)) {
    for (const table of beside.filter((one) => holdsTenants(one) && columnOf(one, name)?.category === "S")) {
      const { rows } = await scene.facts.owned(table, victim)
      const words = new Set(rows.map(({ values }) => values[name]).filter(isKnown))
      for (const word of [...words].slice(0, limits.values)) {
        const value = `${hidden(word, `${labelOf(table)}.${name}`)}::${base}`
        found.push(`update ${quoted(used)} as wk_row set ${quoteIdent(name)} = ${value}`)
      }
    }
  }
  return found
}

/** What a colleague may know of somebody. A long run of letters and digits is a secret: whoever has it was given it. */
const isKnown = (value: unknown): value is string =>
  typeof value === "string" && value.length >= 3 && !/^(?=.*\d)[\w+/=-]{16,}$/.test(value)
