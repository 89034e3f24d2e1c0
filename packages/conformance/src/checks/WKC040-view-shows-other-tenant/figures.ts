import { quoteIdent } from "@wardkeep/core"
import { columnOf, labelOf, quoted, type Relation } from "../../catalog/relation.js"
import { belongsTo } from "../../catalog/whose.js"
import type { Row } from "../../database/outcome.js"
import { holdsTenants } from "../../probe/ground.js"
import { hidden } from "../../probe/hidden.js"
import { manyRows } from "../../probe/only-theirs.js"
import type { Pair } from "../../probe/pair.js"
import type { Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"

/** Groups that are compared, and rows of one group from which on it is said of many. */
const limits = { groups: 500, rows: 5 }

/**
 * A kept figure counts everybody's rows, and in a group of which only one tenant has any, that one's: the number of its rows, or
 * their sum. Known to be such a figure where it is right for every group, and not the same in all.
 */
export async function showsFigures(
  scene: Scene,
  record: CheckRecord,
  pair: Pair,
  view: Relation,
  tables: readonly Relation[],
): Promise<void> {
  const { attacker, victim } = pair
  for (const table of tables.filter((one) => holdsTenants(one) && one.tuples <= manyRows)) {
    const same = groupsIn(view, table)
    const figures = view.columns.filter(({ name, category }) => category === "N" && !same.includes(name))
    if (same.length === 0 || figures.length === 0) continue
    scene.step(labelOf(view))
    const measures = measuresOf(table)
    const known = await counted(scene, pair, table, same, measures)
    for (const { name } of figures) {
      const shown = await shownTo(pair, view, same, name)
      record.probe(labelOf(view))
      if (shown.size > 0) record.control()
      const measure = measures.find((_, at) => isMeasure(known, shown, at))
      const group =
        measure === undefined ? undefined : known.find((row) => isAlone(row) && shown.has(groupOf(row, same)))
      if (measure === undefined || group === undefined) continue
      const where = same
        .map(
          (column, at) =>
            `wk_row.${quoteIdent(column)}::text = ${hidden(String(group[`g${at}`]), `${labelOf(table)}.${column}`)}`,
        )
        .join(" and ")
      return record.found({
        object: labelOf(view),
        message: `A figure of the materialized view counts the rows of tenant ${victim.name} alone, and tells tenant ${attacker.name} of them.`,
        evidence: `${name} is ${measure.what} of ${labelOf(table)} for each ${same.join(" and ")}, and in one of these groups all ${String(group.n)} rows are of tenant ${victim.name}`,
        replay: attacker.replay(
          `select sum(wk_row.${quoteIdent(name)}) as figure from ${quoted(view)} as wk_row where ${where}`,
        ),
        fix: `Leave groups of few rows, and groups of one tenant alone, out of ${labelOf(view)}, or count each tenant's by itself and show it only those.`,
        severity: "oracle",
        cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:L/I:N/A:N",
      })
    }
  }
}

/** What a figure may be of the rows of a group. */
interface Measure {
  readonly what: string
  readonly sql: string
}

function measuresOf({ columns, keys }: Relation): Measure[] {
  const keyed = new Set(keys.flatMap((key) => key.columns))
  const sums = columns
    .filter(({ name, category }) => category === "N" && !keyed.has(name))
    .map(({ name }) => ({ what: `the sum of ${name}`, sql: `sum(wk_row.${quoteIdent(name)})` }))
  return [{ what: "the number of rows", sql: "count(*)" }, ...sums]
}

/** Of one name and type, and not the tenant. */
const groupsIn = (view: Relation, { columns, tenancy }: Relation): string[] =>
  columns
    .filter(({ name, base, category }) => columnOf(view, name)?.base === base && category !== "N")
    .map(({ name }) => name)
    .filter((name) => !(tenancy.by === "column" && tenancy.column.name === name))

const grouping = (same: readonly string[]): string =>
  same.map((name, at) => `wk_row.${quoteIdent(name)}::text as g${at}`).join(", ")

/** Per group how many rows there are, of whom, and what the measures say, by the reader whom no policy stops. */
async function counted(
  { facts }: Scene,
  { victim }: Pair,
  table: Relation,
  same: readonly string[],
  measures: readonly Measure[],
): Promise<readonly Row[]> {
  const theirs = `count(*) filter (where ${belongsTo(table, "wk_row", victim.keys)}) as theirs`
  const list = measures.map(({ sql }, at) => `(${sql})::numeric as m${at}`).join(", ")
  const places = same.map((_, at) => at + 1).join(", ")
  const { rows, error } = await facts.ask(
    `select ${grouping(same)}, count(*) as n, ${theirs}, ${list} from ${quoted(table)} as wk_row group by ${places} limit ${limits.groups}`,
  )
  return error === undefined && rows.length < limits.groups ? rows : []
}

async function shownTo(
  { attacker }: Pair,
  view: Relation,
  same: readonly string[],
  name: string,
): Promise<ReadonlyMap<string, number>> {
  const places = same.map((_, at) => at + 1).join(", ")
  const look = `select ${grouping(same)}, sum(wk_row.${quoteIdent(name)}) as figure from ${quoted(view)} as wk_row group by ${places} limit ${limits.groups}`
  const { rows } = await attacker.act(async (tx) => await tx.attempt(look))
  return new Map(rows.map((row) => [groupOf(row, same), Number(row.figure)]))
}

const groupOf = (row: Row, same: readonly string[]): string => JSON.stringify(same.map((_, at) => row[`g${at}`]))

/** Right for every group that is shown, of which there are several, and not by chance: the figures are not all the same. */
function isMeasure(known: readonly Row[], shown: ReadonlyMap<string, number>, at: number): boolean {
  const places = Object.keys(known[0] ?? {}).filter((name) => /^g\d+$/.test(name))
  const right = new Map(known.map((row) => [groupOf(row, places), Number(row[`m${at}`])]))
  if (shown.size < 2 || new Set(shown.values()).size < 2) return false
  return [...shown].every(([group, figure]) => right.get(group) === figure)
}

/** A group without a value is looked up by none. */
const isAlone = ({ n, theirs, ...row }: Row): boolean =>
  Object.entries(row).every(([name, value]) => !/^g\d+$/.test(name) || value !== null) &&
  Number(n) === Number(theirs) &&
  Number(n) > 0 &&
  Number(n) < limits.rows
