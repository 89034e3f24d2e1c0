import { type Action, type Actor, conditionNamed, type Policy, partsOf, type Rule } from "@wardkeep/core"
import { type Context, decide, type Matrix, type Row } from "@wardkeep/permissions"
import { assignmentTables, type TableFacts } from "../catalog.js"
import { letsReach, type PurposeBits, waits } from "../consent.js"
import type { Standing } from "./attempts.js"
import type { Places } from "./places.js"
import type { RealRow, Samples } from "./rows.js"

/** Everything that was read before the first attempt. */
export interface World {
  readonly policy: Policy
  readonly matrix: Matrix
  readonly tables: ReadonlyMap<string, TableFacts>
  readonly places: Places
  readonly samples: ReadonlyMap<string, Samples>
  readonly groups: Readonly<Record<string, readonly string[]>>
  readonly bits: PurposeBits
  /** The clock of the database. */
  readonly now: Date
}

export const nobody = "wardkeep-matrix-tests"

/** What the matrix says of a row in the own branch, and its person. */
export function allows(world: World, standing: Standing, table: TableFacts, action: Action, row: Row): boolean {
  return holds(world, standing, table.name, action, row) && reaches(world, standing, table, row)
}

/** Whether the person of the row lets the purpose reach it, as the row says; of most purposes nobody is asked. */
export function reaches({ policy, bits, now }: World, { purpose }: Standing, table: TableFacts, row: Row): boolean {
  return !waits(policy, table, purpose) || letsReach(bits, row, purpose, now) === true
}

/** The matrix alone, whatever the person of the row lets reach it. PostgreSQL lets no command aim at a row that may not be read. */
export function holds(world: World, standing: Standing, table: string, action: Action, row: Row): boolean {
  const context = contextOf(world, standing)
  const may = (one: Action): boolean => {
    const question = { action: one, table, row, consent: true, ...(one === "update" && { after: row }) }
    return decide(world.matrix, context, question).effect === "allow"
  }
  return may(action) && (action === "create" || may("read"))
}

function contextOf({ policy, places, samples, groups, now }: World, standing: Standing): Context {
  const { actor, person, purpose, mfaAge, only } = standing
  const assignments = Object.fromEntries(
    assignmentTables(policy).map((table) => [table, (samples.get(table)?.own ?? []).map(({ values }) => values)]),
  )
  return {
    actor: person,
    role: actor.name,
    service: actor.kind === "service",
    purpose,
    tenant: places.tenant,
    branches: [places.branch],
    groups,
    mfaAt: new Date(now.getTime() - mfaAge * 1000),
    now,
    assignments,
    ...(only !== null && { only }),
  }
}

/**
 * A person for whom the cell holds for one of the rows, as far as there is one: named by a column of the row or by an
 * assignment, where a condition asks for that.
 */
export function findPerson(
  world: World,
  actor: Actor,
  table: TableFacts,
  action: Action,
  rule: Rule,
): { readonly standing: Standing; readonly row: RealRow | null } {
  const rows = world.samples.get(table.name)?.own ?? []
  const given = actor.purposes.filter((one) => rule.purposes?.includes(one) ?? true)
  // One that nobody is asked about, where there is one: what then refuses a row is not its person.
  const purpose = given.find((one) => !waits(world.policy, table, one)) ?? given[0] ?? actor.purposes[0] ?? ""
  const standing = (person: string, row?: RealRow): Standing => {
    const only = actor.confined ? [subjectOf(world.policy, table, row) ?? nobody] : null
    return { actor, person, purpose, mfaAge: 0, only }
  }
  for (const person of people(world, table, rule, rows)) {
    const row = rows.find((one) => allows(world, standing(person, one), table, action, one.values))
    if (row !== undefined) return { standing: standing(person, row), row }
  }
  return { standing: standing(nobody, rows[0]), row: null }
}

export function subjectOf(policy: Policy, { name }: TableFacts, row: RealRow | undefined): string | null {
  const column = policy.tables.get(name)?.subject
  return column === undefined ? null : (row?.texts.get(column) ?? null)
}

/** Those whom conditions could mean, and somebody whom nothing names. */
function people(world: World, table: TableFacts, rule: Rule, rows: readonly RealRow[]): Set<string> {
  const found = new Set<string>()
  const add = (from: readonly RealRow[], column: string | undefined): void => {
    if (column === undefined) return
    for (const { texts } of from) {
      const text = texts.get(column) ?? null
      if (text !== null && text !== "" && found.size < 200) found.add(text)
    }
  }
  const read = rule.when === null && rule.after === null ? [] : [rule.when, rule.after]
  for (const name of read) {
    const condition = name === null ? undefined : conditionNamed(world.policy, name)
    for (const part of condition === undefined ? [] : partsOf(condition)) {
      if ("own" in part) add(rows, part.own)
      if ("ownSubject" in part) add(rows, world.policy.tables.get(table.name)?.subject)
      if ("assigned" in part) add(world.samples.get(part.assigned.table)?.own ?? [], part.assigned.actor)
    }
  }
  return found.add(nobody)
}
