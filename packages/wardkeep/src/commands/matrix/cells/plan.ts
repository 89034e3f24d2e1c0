import { type Actor, handlingActions, narrowableActions, type Rule } from "@wardkeep/core"
import { scopeOf, type TableFacts } from "../catalog.js"
import { type Aimed, type Planned, type SqlAction, type Standing, shownRole } from "./attempts.js"
import { allows, findPerson, nobody, subjectOf, type World } from "./choose.js"
import type { Place, RealRow } from "./rows.js"
import { aimedAt, covered, probeOf } from "./statements.js"

/** What is to be tried: every role, table and action in every place, and every column that may be hidden. */
export function planAttempts(world: World, insertable: (actor: Actor, table: string) => readonly string[]): Planned[] {
  return world.policy.actors.flatMap((actor) =>
    [...world.tables.values()].flatMap((table) => [
      ...narrowableActions.flatMap((action) => cell(world, actor, table, action, insertable(actor, table.name))),
      ...columns(world, actor, table),
    ]),
  )
}

/** Cells that only the application can ask: the database does not see what happens to rows once they were read. */
export function leftToApplication({ policy }: World): string[] {
  return policy.actors.flatMap((actor) =>
    [...actor.can].flatMap(([table, { rules }]) =>
      handlingActions
        .filter((action) => rules[action] !== undefined)
        .map((action) => `${shownRole(actor)} · ${action} ${table}`),
    ),
  )
}

export function placeName(table: TableFacts, place: Place): string {
  if (table.level === "global") return "reference data"
  if (place === "other") return "other clinic"
  if (place === "sibling") return "sibling branch"
  return table.level === "tenant" ? "own clinic" : "own branch"
}

function placesOf({ level }: TableFacts, action: SqlAction): Place[] {
  if (level === "global") return ["own"]
  // A shared identity is made for the clinic, and linked to a branch afterwards.
  if (level === "tenant" || (level === "shared" && action === "create")) return ["own", "other"]
  return ["own", "sibling", "other"]
}

/** One role's right to one action on one table. */
interface Cell {
  readonly world: World
  readonly actor: Actor
  readonly table: TableFacts
  readonly action: SqlAction
  readonly rule: Rule | undefined
}

function cell(
  world: World,
  actor: Actor,
  table: TableFacts,
  action: SqlAction,
  insertable: readonly string[],
): Planned[] {
  const rules = actor.can.get(table.name)?.rules
  const one: Cell = { world, actor, table, action, rule: rules?.[action] }
  const named = { role: shownRole(actor), action, table: table.name, column: null }
  const written = writtenColumns(one, insertable)
  const read = rules?.read === undefined ? [] : covered(table, rules.read.columns)
  const reachable = action === "create" || (table.key.length > 0 && table.key.every((column) => read.includes(column)))
  if (one.rule === undefined && !reachable) {
    const standing = anybody(actor)
    return [{ ...named, where: "any row", expected: "refused", standing, ...probeOf(table, action, written[0]) }]
  }
  const blind =
    table.key.length === 0 ? "no primary key to aim by" : "the role may not read the key, so it cannot aim at a row"
  return targetsOf(one).map((target): Planned => {
    const { where, expected } = target
    if ("untried" in target) return { ...named, ...target }
    if (!reachable) return { ...named, where, expected, untried: blind }
    if (written.length === 0 && action !== "delete")
      return { ...named, where, expected, untried: "the cell covers no column that a statement could name" }
    return { ...named, where, expected, standing: target.standing, ...statementAt(one, target.row, written, read) }
  })
}

/** In a file only what the key alone can say: no condition on other columns of a new row, no column that is not read. */
function statementAt(
  { world, table, action, rule }: Cell,
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

type Target = Aimed | (Pick<Aimed, "where" | "expected"> & { readonly untried: string })

function targetsOf(one: Cell): Target[] {
  const { world, actor, table, action, rule } = one
  const chosen =
    rule === undefined ? { standing: anybody(actor), row: null } : findPerson(world, actor, table, action, rule)
  return placesOf(table, action).flatMap((place): Target[] => {
    const where = placeName(table, place)
    const expected = rule !== undefined && place === "own" ? "allowed" : "refused"
    const rows = world.samples.get(table.name)?.[place] ?? []
    const [first] = rows
    if (first === undefined) return [{ where, expected, untried: `no row of the table lies in the ${where}` }]
    if (rule === undefined) return [{ where, expected, standing: chosen.standing, row: first }]
    if (place !== "own") return elsewhere(one, chosen.standing, rows, where)
    if (chosen.row !== null) return ownRows(one, rule, { ...chosen, row: chosen.row, rows, where })
    return [{ where, expected, untried: `the cell holds for none of the ${rows.length} rows that were looked at` }]
  })
}

/**
 * A row that only its place keeps away. Where there is none, as for assignments that a clinic keeps of its own patients, the
 * name says that the condition refuses the row too: such an attempt says little about the fence.
 */
function elsewhere(
  { world, table, action }: Cell,
  chosen: Standing,
  rows: readonly RealRow[],
  where: string,
): Target[] {
  const expected = "refused"
  for (const row of rows) {
    const subject = subjectOf(world.policy, table, row)
    const standing = chosen.only === null || subject === null ? chosen : { ...chosen, only: [subject] }
    if (allows(world, standing, table.name, action, moved(world, table, row).values))
      return [{ where, expected, standing, row }]
  }
  return rows
    .slice(0, 1)
    .map((row) => ({ where: `${where}, outside the condition too`, expected, standing: chosen, row }))
}

interface OwnRow {
  readonly standing: Standing
  readonly row: RealRow
  readonly rows: readonly RealRow[]
  readonly where: string
}

/** The row that is allowed, then what the cell is tied to, one tie broken at a time. */
function ownRows({ world, table, action }: Cell, rule: Rule, { standing, row, rows, where }: OwnRow): Target[] {
  const expected = "refused"
  const targets: Target[] = [{ row, where, expected: "allowed", standing }]
  const denied = rows.find((one) => !allows(world, standing, table.name, action, one.values))
  const why = standing.only === null ? "a row outside the condition" : "a row about another subject"
  if (denied !== undefined) targets.push({ row: denied, where: `${where}, ${why}`, expected, standing })
  else if (rule.when !== null || standing.only !== null)
    targets.push({
      where: `${where}, ${why}`,
      expected,
      untried: `each of the ${rows.length} rows that were looked at is allowed`,
    })
  const purpose = standing.actor.purposes.find((one) => rule.purposes?.includes(one) === false)
  if (purpose !== undefined)
    targets.push({ row, where: `${where}, for ${purpose}`, expected, standing: { ...standing, purpose } })
  if (rule.mfaSeconds !== null) {
    const old = { ...standing, mfaAge: rule.mfaSeconds + 120 }
    targets.push({ row, where: `${where}, with an old second factor`, expected, standing: old })
  }
  return targets
}

function anybody(actor: Actor): Standing {
  return { actor, person: nobody, purpose: actor.purposes[0] ?? "", mfaAge: 0, only: actor.confined ? [nobody] : null }
}

/** The row as it would be in the own branch: what then still refuses it is not the fence. */
function moved({ policy, places }: World, table: TableFacts, row: RealRow): RealRow {
  const { tenant, branch } = scopeOf(policy, table)
  const scope = {
    ...(tenant !== null && { [tenant]: places.tenant }),
    ...(branch !== null && { [branch]: places.branch }),
  }
  return { ...row, values: { ...row.values, ...scope } }
}

/** Which columns a statement names. For a cell that is not there: as many as it takes to be a statement. */
function writtenColumns({ world, table, action, rule }: Cell, insertable: readonly string[]): string[] {
  if (action === "read")
    return rule === undefined ? [...table.columns.keys()].slice(0, 1) : covered(table, rule.columns)
  const free = freeColumns(world, table)
  if (action === "update")
    return rule === undefined ? free : covered(table, rule.columns).filter((one) => free.includes(one))
  if (action === "delete") return []
  const scope = Object.values(scopeOf(world.policy, table)).filter((column) => column !== null)
  return insertable.length === 0 ? [...table.columns.keys()] : [...new Set([...scope, ...insertable])]
}

/** Where a row belongs, whom it is about and its key are set once. */
function freeColumns({ policy }: World, table: TableFacts): string[] {
  const fixed = new Set([
    ...table.key,
    ...Object.values(scopeOf(policy, table)),
    policy.tables.get(table.name)?.subject,
  ])
  return [...table.columns].flatMap(([column, { unwritable }]) => (unwritable || fixed.has(column) ? [] : [column]))
}

/** Each column's own right to be read and changed, which no row is needed for. */
function columns(world: World, actor: Actor, table: TableFacts): Planned[] {
  const rules = actor.can.get(table.name)?.rules
  const free = freeColumns(world, table)
  const read = rules?.read === undefined ? [] : covered(table, rules.read.columns)
  return (["read", "update"] as const).flatMap((action) => {
    const rule = rules?.[action]
    if (rule === undefined) return []
    const given = covered(table, rule.columns)
    // A column that may not be read is granted for changes only where the policy file lists it.
    const granted =
      action === "read"
        ? given
        : given.filter((one) => rule.columns !== "all" || (free.includes(one) && read.includes(one)))
    return [...table.columns].flatMap(([column, { unwritable }]): Planned[] => {
      if (action === "update" && unwritable) return []
      const expected = granted.includes(column) ? "allowed" : "refused"
      const named = { role: shownRole(actor), action, table: table.name, column, where: "any row", expected } as const
      return [{ ...named, standing: anybody(actor), ...probeOf(table, action, column) }]
    })
  })
}
