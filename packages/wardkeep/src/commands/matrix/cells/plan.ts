import { type Actor, narrowableActions } from "@wardkeep/core"
import { scopeOf, type TableFacts } from "../catalog.js"
import { type Planned, type SqlAction, shownRole } from "./attempts.js"
import type { World } from "./choose.js"
import { columns, freeColumns } from "./columns.js"
import { handled } from "./handling.js"
import type { RealRow } from "./rows.js"
import { aimedAt, covered, probeOf } from "./statements.js"
import { anybody, type Cell, targetsOf } from "./targets.js"
import { searched } from "./words.js"

/** What is to be tried: every role, table and action in every place, every column that may be hidden, and words. */
export function planAttempts(world: World, insertable: (actor: Actor, table: string) => readonly string[]): Planned[] {
  return world.policy.actors.flatMap((actor) =>
    [...world.tables.values()].flatMap((table) => [
      ...narrowableActions.flatMap((action) => cell(world, actor, table, action, insertable(actor, table.name))),
      ...handled(world, actor, table),
      ...searched(world, actor, table),
      ...columns(world, actor, table),
    ]),
  )
}

type SqlCell = Cell & { readonly action: SqlAction }

function cell(
  world: World,
  actor: Actor,
  table: TableFacts,
  action: SqlAction,
  insertable: readonly string[],
): Planned[] {
  const rules = actor.can.get(table.name)?.rules
  const one: SqlCell = { world, actor, table, action, rule: rules?.[action] }
  const named = { role: shownRole(actor), action, table: table.name, column: null }
  const written = writtenColumns(one, insertable)
  const read = rules?.read === undefined ? [] : covered(table, rules.read.columns)
  const reachable = action === "create" || (table.key.length > 0 && table.key.every((column) => read.includes(column)))
  // A right to change is tried column by column: see columns().
  if (one.rule === undefined && !reachable) return action === "update" ? [] : [withoutRight(one)]
  const blind =
    table.key.length === 0 ? "no primary key to aim by" : "the role may not read the key, so it cannot aim at a row"
  const unasked = one.rule === undefined && action === "create" ? [withoutRight(one)] : []
  const aimed = targetsOf(one).map((target): Planned => {
    const { where, expected } = target
    if ("untried" in target) return { ...named, ...target }
    if (!reachable) return { ...named, where, expected, untried: blind }
    if (written.length === 0 && action !== "delete")
      return { ...named, where, expected, untried: "the cell covers no column that a statement could name" }
    return { ...named, where, expected, standing: target.standing, ...statementAt(one, target.row, written, read) }
  })
  return [...unasked, ...aimed]
}

/** That not one column of the table is granted for it: a statement that names none needs the right to any. */
function withoutRight({ actor, table, action }: SqlCell): Planned {
  const named = { role: shownRole(actor), action, table: table.name, column: null, where: "any row" } as const
  return { ...named, expected: "refused", standing: anybody(actor), ...probeOf(table, action) }
}

/** In a file only what the key alone can say: no condition on other columns of a new row, no column that is not read. */
function statementAt(
  { world, table, action, rule }: SqlCell,
  row: RealRow,
  written: readonly string[],
  read: readonly string[],
) {
  const scope = Object.values(scopeOf(world.policy, table)).filter((column) => column !== null)
  const statement = aimedAt(table, action, row, written, [...table.key, ...scope])
  const needsRow =
    (action === "create" && rule !== undefined && rule.when !== null) ||
    (action === "update" && rule !== undefined && !read.includes(written[0] ?? ""))
  return needsRow ? { ...statement, plain: null } : statement
}

/** Which columns a statement names. For a cell that is not there: as many as it takes to be a statement. */
function writtenColumns({ world, table, action, rule }: Cell, insertable: readonly string[]): string[] {
  if (action === "read") return rule === undefined ? [] : covered(table, rule.columns)
  const free = freeColumns(world, table)
  if (action === "update")
    return rule === undefined ? free : covered(table, rule.columns).filter((one) => free.includes(one))
  if (action === "delete") return []
  const scope = Object.values(scopeOf(world.policy, table)).filter((column) => column !== null)
  return insertable.length === 0 ? [...table.columns.keys()] : [...new Set([...scope, ...insertable])]
}
