import type { Action, Actor, Rule } from "@wardkeep/core"
import { scopeOf, type TableFacts } from "../catalog.js"
import { waits } from "../consent.js"
import type { Aimed, Standing } from "./attempts.js"
import { allows, findPerson, holds, nobody, reaches, subjectOf, type World } from "./choose.js"
import type { Place, RealRow } from "./rows.js"

export function placeName(table: TableFacts, place: Place): string {
  if (table.level === "global") return "reference data"
  if (place === "other") return "other clinic"
  if (place === "sibling") return "sibling branch"
  return table.level === "tenant" ? "own clinic" : "own branch"
}

function placesOf({ level }: TableFacts, action: Action): Place[] {
  if (level === "global") return ["own"]
  // A shared identity is made for the clinic, and linked to a branch afterwards.
  if (level === "tenant" || (level === "shared" && action === "create")) return ["own", "other"]
  return ["own", "sibling", "other"]
}

/** One role's right to one action on one table. */
export interface Cell {
  readonly world: World
  readonly actor: Actor
  readonly table: TableFacts
  readonly action: Action
  readonly rule: Rule | undefined
}

export type Target = Aimed | (Pick<Aimed, "where" | "expected"> & { readonly untried: string })

/** The rows that a cell is tried at, in every place, and what should come of it. */
export function targetsOf(one: Cell): Target[] {
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
    const persons = undecided(one, rule, { standing: chosen.standing, rows, where })
    if (chosen.row !== null) return [...ownRows(one, rule, { ...chosen, row: chosen.row, rows, where }), ...persons]
    const none = `the cell holds for none of the ${rows.length} rows that were looked at`
    const { purpose } = chosen.standing
    const asked = `; ${purpose} reaches only whose person lets it`
    return [{ where, expected, untried: waits(world.policy, table, purpose) ? none + asked : none }, ...persons]
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
    if (allows(world, standing, table, action, moved(world, table, row).values))
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
  const outside = rows.filter((one) => !holds(world, standing, table.name, action, one.values))
  const denied = outside.find((one) => reaches(world, standing, table, one.values)) ?? outside[0]
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

/** For each purpose that waits for a person: a row that its person lets it reach, and one that is kept from it. */
function undecided(
  { world, actor, table, action }: Cell,
  rule: Rule,
  { standing, rows, where: own }: Omit<OwnRow, "row">,
): Target[] {
  const waiting = actor.purposes.filter(
    (one) => (rule.purposes?.includes(one) ?? true) && waits(world.policy, table, one),
  )
  return waiting.flatMap((purpose): Target[] => {
    const at = (row: RealRow): Standing => {
      const only = standing.only === null ? null : [subjectOf(world.policy, table, row) ?? nobody]
      return { ...standing, purpose, only }
    }
    const held = rows.filter((row) => holds(world, at(row), table.name, action, row.values))
    const find = (reached: boolean): RealRow | undefined =>
      held.find((row) => reaches(world, at(row), table, row.values) === reached)
    const where = `${own}, for ${purpose}`
    const target = (row: RealRow | undefined, named: Pick<Aimed, "where" | "expected">, untried: string): Target =>
      row === undefined ? { ...named, untried } : { ...named, row, standing: at(row) }
    const looked = `of the ${held.length} rows that were looked at and that the cell holds for`
    return [
      // Tried already where the role has no other purpose.
      ...(purpose === standing.purpose
        ? []
        : [target(find(true), { where, expected: "allowed" }, `none ${looked} lets the purpose reach it`)]),
      target(
        find(false),
        { where: `${where}, kept from it by the person`, expected: "refused" },
        `each ${looked} lets the purpose reach it`,
      ),
    ]
  })
}

/** Somebody whom no row and no assignment names. */
export function anybody(actor: Actor): Standing {
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
