import type { Actor, Rule } from "@wardkeep/core"
import { wallColumns } from "@wardkeep/postgres/migrate"
import { scopeOf, type TableFacts } from "../catalog.js"
import { type Planned, shownRole } from "./attempts.js"
import type { World } from "./choose.js"
import { covered, probeOf } from "./statements.js"
import { anybody } from "./targets.js"

/** Where a row belongs, whom it is about and its key are set once; what its person decided is the consent ledger's to set. */
export function freeColumns({ policy }: World, table: TableFacts): string[] {
  const fixed = new Set([
    ...table.key,
    ...Object.keys(wallColumns),
    ...Object.values(scopeOf(policy, table)),
    policy.tables.get(table.name)?.subject,
  ])
  return [...table.columns].flatMap(([column, { unwritable }]) => (unwritable || fixed.has(column) ? [] : [column]))
}

/** Each column's own right to be read and changed, which no row is needed for. */
export function columns(world: World, actor: Actor, table: TableFacts): Planned[] {
  const rules = actor.can.get(table.name)?.rules
  const free = freeColumns(world, table)
  const read = rules?.read === undefined ? [] : covered(table, rules.read.columns)
  const changed = (["read", "update"] as const).flatMap((action) => {
    const rule = rules?.[action]
    // That a table is not read at all is one attempt; no statement asks for a change without naming a column.
    if (rule === undefined && action === "read") return []
    const given = rule === undefined ? [] : covered(table, rule.columns)
    // A column that may not be read is granted for changes only where the policy file lists it.
    const granted =
      action === "read"
        ? given
        : given.filter((one) => rule?.columns !== "all" || (free.includes(one) && read.includes(one)))
    return [...table.columns].flatMap(([column, { unwritable }]): Planned[] => {
      if (action === "update" && unwritable) return []
      const expected = granted.includes(column) ? "allowed" : "refused"
      const named = { role: shownRole(actor), action, table: table.name, column, where: "any row", expected } as const
      return [{ ...named, standing: anybody(actor), ...probeOf(table, action, column) }]
    })
  })
  return rules?.create === undefined ? changed : [...changed, ...newColumns(world, actor, table, rules.create, read)]
}

/**
 * What a new row may name: what the cell lists, where the row belongs, and what has a default, as models name those too;
 * never what the role may not read, unless the cell lists it.
 */
function newColumns(
  { policy }: World,
  actor: Actor,
  table: TableFacts,
  rule: Rule,
  readable: readonly string[],
): Planned[] {
  const { rules } = actor.can.get(table.name) ?? { rules: {} }
  const scope = Object.values(scopeOf(policy, table))
  const listed = rule.columns === "all" ? [] : rule.columns
  return [...table.columns].flatMap(([column, { unwritable, filled, unique }]): Planned[] => {
    const shown = rules.read === undefined || readable.includes(column)
    const granted = listed.includes(column) || (shown && (rule.columns === "all" || scope.includes(column) || filled))
    // On a server below the security floor the key is taken from whoever may change rows too: no promise either way.
    const open = granted && unique && rules.update !== undefined
    if (unwritable || open || column in wallColumns) return []
    const expected = granted ? "allowed" : "refused"
    const named = { role: shownRole(actor), action: "create", table: table.name, column, where: "any row" } as const
    return [{ ...named, expected, standing: anybody(actor), ...probeOf(table, "create", column) }]
  })
}
