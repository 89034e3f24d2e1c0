import { type Actor, handlingActions } from "@wardkeep/core"
import type { TableFacts } from "../catalog.js"
import { type Planned, shownRole } from "./attempts.js"
import { allows, type World } from "./choose.js"
import { aimedAt, covered } from "./statements.js"
import { targetsOf } from "./targets.js"

/**
 * Download, print, export and share: the matrix answers, and where it says yes the database is asked for the row with the
 * same columns, because what cannot be read is not printed either.
 */
export function handled(world: World, actor: Actor, table: TableFacts): Planned[] {
  const rules = actor.can.get(table.name)?.rules
  return handlingActions.flatMap((action) => {
    const rule = rules?.[action]
    const named = { role: shownRole(actor), action, table: table.name, column: null }
    const read = rules?.read === undefined ? [] : covered(table, rules.read.columns)
    const columns = rule === undefined ? [] : covered(table, rule.columns).filter((column) => read.includes(column))
    const blind = table.key.length === 0 || !table.key.every((column) => read.includes(column))
    return targetsOf({ world, actor, table, action, rule }).map((target): Planned => {
      const { where, expected } = target
      if ("untried" in target) return { ...named, ...target }
      const { row, standing } = target
      if (!allows(world, standing, table, action, row.values)) return { ...named, where, expected, answered: "refused" }
      if (blind || columns.length === 0)
        return { ...named, where, expected, untried: "the role reads no key or no column, so it cannot aim at a row" }
      return { ...named, where, expected, standing, ...aimedAt(table, "read", row, columns, []) }
    })
  })
}
