import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { type Column, columnOf, labelOf, quoted, type Relation } from "../../catalog/relation.js"
import type { Row } from "../../database/outcome.js"
import { numberOf, type SampleRow } from "../../probe/facts.js"
import { holdsTenants } from "../../probe/ground.js"
import { hidden } from "../../probe/hidden.js"
import { ownTexts } from "../../probe/own-words.js"
import type { Pair } from "../../probe/pair.js"
import type { Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"

/** The victim's rows that are looked for, and columns that may tell of one. */
const limits = { rows: 5, columns: 8 }

/**
 * A published sum is somebody's where it counts one row alone: whoever knows the group reads what else the row says. A
 * materialized view that holds a row for which the columns of the same name single out one row of the victim, and that
 * shows a value of another column of that row.
 */
export async function showsSingle(
  scene: Scene,
  record: CheckRecord,
  pair: Pair,
  view: Relation,
  tables: readonly Relation[],
): Promise<void> {
  for (const table of tables.filter(holdsTenants)) {
    const same = shared(view, table)
    const rest = view.columns.filter(({ name }) => !same.includes(name))
    if (same.length === 0 || rest.length === 0) continue
    scene.step(labelOf(view))
    const { rows } = await scene.facts.owned(table, pair.victim)
    for (const row of rows.slice(0, limits.rows)) {
      const told = await tells(scene, record, pair, { view, table, same, rest }, row)
      if (told === undefined) continue
      return record.found({
        object: labelOf(view),
        message: `A row of the materialized view stands for a single row of tenant ${pair.victim.name}, and tells tenant ${pair.attacker.name} its ${told.column}.`,
        evidence: `one row of ${labelOf(table)} alone has that ${same.join(" and ")}, and ${told.shown} is its ${told.column}`,
        replay: pair.attacker.replay(told.attack),
        fix: `Leave groups of few rows out of ${labelOf(view)}, such as having count(*) >= 5, or show no value of a single row.`,
        severity: "oracle",
        cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:L/I:N/A:N",
      })
    }
  }
}

/** Columns that say the same in every row, of which there are several: one row alone says nothing else of any column. */
async function unchanging({ attacker }: Pair, view: Relation): Promise<string[]> {
  const counts = view.columns.map(({ name }, at) => `count(distinct wk_row.${quoteIdent(name)}::text) as c${at}`)
  const query = `select count(*) as n, ${counts.join(", ")} from (select * from ${quoted(view)} limit 5000) as wk_row`
  const { rows } = await attacker.act(async (tx) => await tx.attempt(query))
  if (Number(rows[0]?.n) < 2) return []
  return view.columns.flatMap(({ name }, at) => (Number(rows[0]?.[`c${at}`]) === 1 ? [name] : []))
}

/** The column is nothing but that literal, as `'enrolled'::text AS stage`, or as PostgreSQL writes a number. */
function isLiteral(name: string, value: unknown, texts: readonly string[]): boolean {
  const literal = quoteLiteral(String(value))
  return texts.some((text) =>
    [
      ...text.matchAll(/(?:^|,|\bselect)\s*('(?:[^']|'')*'|-?[\d.]+)(?:::[\w ]+(?:\(\d+\))?)?\s+as\s+("[^"]+"|\w+)/gi),
    ].some(
      ([, said = "", as = ""]) => (said === literal || said === String(value)) && as.replace(/^"|"$/g, "") === name,
    ),
  )
}

/** As a literal, in quotes or as a number of its own. */
const isSaid = (value: unknown, texts: readonly string[]): boolean =>
  texts.some(
    (text) =>
      text
        .replace(/[^\w.'-]+/g, " ")
        .split(/[ ']/)
        .includes(String(value)) || text.includes(`'${String(value)}'`),
  )

interface Place {
  readonly view: Relation
  readonly table: Relation
  readonly same: readonly string[]
  readonly rest: readonly Column[]
}

/** By which both are grouped: of one name and type, and not the tenant. */
const shared = (view: Relation, { columns, tenancy }: Relation): string[] =>
  columns
    .filter(({ name, base }) => columnOf(view, name)?.base === base)
    .map(({ name }) => name)
    .filter((name) => !(tenancy.by === "column" && tenancy.column.name === name))
    .slice(0, limits.columns)

async function tells(
  scene: Scene,
  record: CheckRecord,
  pair: Pair,
  { view, table, same, rest }: Place,
  { values }: SampleRow,
): Promise<{ readonly attack: string; readonly column: string; readonly shown: string } | undefined> {
  if (same.some((name) => values[name] === null || values[name] === undefined)) return undefined
  const group = same
    .map((name) => `wk_row.${quoteIdent(name)}::text = ${hidden(String(values[name]), `${labelOf(table)}.${name}`)}`)
    .join(" and ")
  const alone = await scene.facts.ask(
    `select count(*) from (select from ${quoted(table)} as wk_row where ${group} limit 2) as q`,
  )
  if (alone.error !== undefined || numberOf(alone.rows) !== 1) return undefined
  const list = rest.map(({ name }) => `wk_row.${quoteIdent(name)}::text as ${quoteIdent(name)}`).join(", ")
  const attack = `select ${list} from ${quoted(view)} as wk_row where ${group} limit 2`
  const { rows, error } = await pair.attacker.act(async (tx) => await tx.attempt(attack))
  record.probe(labelOf(view))
  if (error === undefined) record.control()
  const [row] = rows
  if (row === undefined || rows.length > 1) return undefined
  const [constant, own] = [await unchanging(pair, view), await ownTexts(scene, pair, view.name)]
  // The view's own word is the view's, whatever a row of the victim says.
  const isOwn = (name: string): boolean =>
    isLiteral(name, row[name], own) || (constant.includes(name) && isSaid(row[name], own))
  const telling = rest.filter(({ name }) => !isOwn(name))
  const told = columnTold({ table, same, rest: telling }, values, row)
  return told && { attack, ...told }
}

function columnTold(
  { table, same, rest }: Omit<Place, "view">,
  values: SampleRow["values"],
  row: Row,
): { readonly column: string; readonly shown: string } | undefined {
  for (const { name: shown, category } of rest) {
    const column = table.columns.find(
      (one) =>
        one.category === category &&
        !same.includes(one.name) &&
        isTelling(values[one.name]) &&
        String(values[one.name]) === String(row[shown]),
    )
    if (column !== undefined) return { column: column.name, shown }
  }
  return undefined
}

/** No count or mark that a row has by chance. */
const isTelling = (value: unknown): boolean =>
  typeof value === "number" ? Math.abs(value) >= 100 : typeof value === "string" && value.length >= 4
