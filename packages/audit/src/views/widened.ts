import { quoteIdent, splitName } from "@wardkeep/core"
import type { Ask, ObservedCall } from "@wardkeep/postgres/client"
import type pg from "pg"
import { type Analysis, analyse, type TableView } from "./analysis.js"
import type { CatalogMap } from "./catalog-map.js"
import { type PlannedTables, tablesOfPlan } from "./plan-tables.js"
import { type SelectText, selectText } from "./select-text.js"
import type { ViewedTable } from "./viewed.js"

type Fields = readonly pg.FieldDef[]

/** A text with the rows of another, behind whose columns stand those that say whose they are. */
export interface Wide {
  readonly text: string
  /** How many columns were added. */
  readonly more: number
  readonly fields: Fields
  readonly views: readonly TableView[]
  /** As its analysis says. */
  readonly carried: boolean
  readonly hidden: boolean
}

/** Of an aggregate no more persons are named than that; a count of a whole clinic is about nobody. */
export const personsOfAggregate = 1000

/**
 * Where a plan for any values expects an aggregate to read more rows than that, asked once for a text, their persons are not asked for: there would be too many to name, or,
 * under GROUP BY, lists that the client keeps until the rows are handed over; and sorting them could be what a time-out meets.
 */
export const rowsOfAggregate = 100_000

/** What is known of a statement before it is sent. */
export interface Known {
  readonly call: ObservedCall
  /** The call's, without a semicolon at its end. */
  readonly text: string
  readonly tables: ReadonlyMap<string, ViewedTable>
  readonly map: CatalogMap
  readonly fields: Fields
  readonly plan: PlannedTables
  readonly analysis: Analysis
}

const writes = /\b(?:insert|update|delete|merge)\b/i

/** Added columns get names that no text means: ORDER BY and DISTINCT ON take a name for a column of the result first. */
const ownName = "wk_person_"

/** Whether a text is one that columns could be added to. */
export function mayWiden(text: string): boolean {
  return !writes.test(text) && !text.toLowerCase().includes(ownName) && selectText(text) !== undefined
}

/**
 * Adds, for each table of which the result does not say whose its rows are, the person's column at the end of the select list; under
 * an aggregate or DISTINCT the list of persons that each row of the result is made of. The text proposes and PostgreSQL decides:
 * what it describes and plans of the new one must be the same columns from the same tables, each read once, and the person's own
 * column behind them. Undefined where nothing was found.
 */
export async function widen(known: Known, ask: Ask): Promise<Wide | undefined> {
  const { call, tables, fields, plan, analysis } = known
  const select = selectText(known.text)
  if (select === undefined || (select.distinct && select.grouped)) return undefined
  const added: Added[] = []
  for (const view of analysis.views) {
    const subject = tables.get(view.relation)?.subject
    if (view.source !== "undetermined" || !view.alone || subject === undefined) continue
    const found = await columnOf(view.relation, subject, select, known, ask)
    if (found !== undefined) added.push(found)
  }
  if (added.length === 0) return undefined
  const text = widenedText(select, added, fields.length)
  const described = await answered(ask.describe(text, call.parameters))
  const planned = await answered(ask.plan(text, call.parameters).then(tablesOfPlan))
  if (typeof described === "string" || typeof planned === "string") return undefined
  const same = sameReadings(known, text, described, planned)
  const fits = added.every((each, at) => isSubject(each, described[fields.length + at], known))
  if (!same || !fits || described.length !== fields.length + added.length || !beginsWith(described, fields))
    return undefined
  if (plan.mixed !== planned.mixed) return undefined
  const views = analysis.views.map((view): TableView => {
    const at = added.findIndex(({ relation }) => relation === view.relation)
    if (at < 0) return view
    const position = fields.length + at
    const where = added[at]?.listed === true ? { subjects: [], listed: position } : { subjects: [position] }
    return { ...view, ...where, source: "exact" }
  })
  return { text, more: added.length, fields: described, views, carried: analysis.carried, hidden: analysis.hidden }
}

interface Added {
  readonly relation: string
  readonly subject: string
  /** The person's column, as the text names it. */
  readonly column: string
  readonly listed: boolean
}

async function columnOf(
  relation: string,
  subject: string,
  select: SelectText,
  known: Known,
  ask: Ask,
): Promise<Added | undefined> {
  const { call, fields, plan } = known
  for (const column of namesOf(relation, subject, select, known)) {
    const plain: Added = { relation, subject, column, listed: false }
    if (!select.distinct) {
      const described = await answered(ask.describe(widenedText(select, [plain], fields.length), call.parameters))
      if (typeof described !== "string" && isSubject(plain, described[fields.length], known)) return plain
      if (described !== underAggregate) continue
    }
    // A row that a FILTER keeps out of one aggregate is in another, or in none.
    if (/ FILTER \(WHERE /.test(plan.expressions)) return undefined
    if (!isStrict(relation, known) && expectedOf(relation, known) > rowsOfAggregate) return undefined
    const origin = await answered(ask.describe(originText(select, column, call.parameters), call.parameters))
    if (typeof origin !== "string" && isSubject(plain, origin[0], known)) return { ...plain, listed: true }
  }
  return undefined
}

/** Of strict columns nothing is shown without whose it is. */
const isStrict = (relation: string, { analysis }: Known): boolean =>
  analysis.views.some((view) => view.relation === relation && view.strict.length > 0)

function expectedOf(relation: string, { plan, map }: Known): number {
  const rows = [...plan.expected].filter(([scanned]) => map.rootOf.get(scanned) === relation)
  return rows.reduce((sum, [, each]) => sum + each, 0)
}

/** As the text could name the person's column: by the plan's name of the table, the text's own qualifiers, or alone. */
function namesOf(relation: string, subject: string, { text }: SelectText, { plan, map }: Known): string[] {
  const column = quoteIdent(subject)
  const planned = plan.scans.filter((scan) => map.rootOf.get(scan.relation) === relation).map(({ alias }) => alias)
  const { name } = splitName(relation, "public")
  const written = [...text.matchAll(qualifier)].map(([, found]) => found ?? "")
  const qualified = [...[...planned, name].map(quoteIdent), ...written].map((each) => `${each}.${column}`)
  return [...new Set([...qualified, column])].slice(0, mostNames)
}

const qualifier = /("(?:[^"]|"")+"|\b[A-Za-z_]\w*)\s*\./g
/** Each is a question to the server, once per text and role. */
const mostNames = 8

function widenedText(select: SelectText, added: readonly Added[], shown: number): string {
  const { text, begin, list, from, order, distinct } = select
  const columns = added.map((each, at) => `, ${each.listed ? listOf(each.column) : each.column} as ${ownName}${at + 1}`)
  if (!distinct) return `${text.slice(0, from)}${columns.join("")} ${text.slice(from)}`
  const rows = Array.from({ length: shown }, (_, at) => at + 1).join(", ")
  return `${text.slice(0, begin)} ${text.slice(list, from)}${columns.join("")} ${text.slice(from, order)}
group by ${rows} ${text.slice(order)}`
}

/** One more than may be named tells that there are too many. */
function listOf(column: string): string {
  return `pg_catalog.to_json((pg_catalog.array_agg(distinct (${column})::pg_catalog.text collate pg_catalog."C"))[1:${personsOfAggregate + 1}])`
}

/** The person's column alone, from the same FROM: its description says where it is from, which that of an aggregate does not. */
function originText({ text, begin, from, tail }: SelectText, column: string, parameters: number): string {
  const [head, source] = [text.slice(0, begin), text.slice(from, tail)]
  const used = new Set([...`${head} ${source}`.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)))
  const others = Array.from({ length: parameters }, (_, at) => at + 1).filter((number) => !used.has(number))
  return `${head} ${[column, ...others.map((number) => `$${number}::pg_catalog.text`)].join(", ")} ${source}`
}

function isSubject({ relation, subject, listed }: Added, field: pg.FieldDef | undefined, { map }: Known): boolean {
  if (field === undefined) return false
  if (listed) return true
  const origin = map.origins.get(`${field.tableID}.${field.columnID}`)
  return origin?.relation === relation && origin.column === subject
}

const described = ["name", "tableID", "columnID", "dataTypeID", "dataTypeSize", "dataTypeModifier", "format"] as const

function beginsWith(fields: Fields, expected: Fields): boolean {
  return expected.every((field, at) => described.every((what) => fields[at]?.[what] === field[what]))
}

/** The new text reads the same tables as the old one, and those that were read once are still. */
function sameReadings(
  { call, tables, map, analysis }: Known,
  text: string,
  fields: Fields,
  plan: PlannedTables,
): boolean {
  const origins = fields.map(({ tableID, columnID }) => `${tableID}.${columnID}`)
  const { views } = analyse({ text, reads: call.reads, origins }, tables, map, plan)
  const read = (of: readonly TableView[]): string =>
    of
      .map(({ relation, alone }) => `${relation} ${alone}`)
      .sort()
      .join()
  return read(views) === read(analysis.views)
}

/** Column must appear in GROUP BY or in an aggregate. */
const underAggregate = "42803"

/** What was answered, or the code with which PostgreSQL refused the text; other errors say nothing of the text. */
export async function answered<T>(coming: Promise<T>): Promise<T | string> {
  try {
    return await coming
  } catch (error) {
    const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : ""
    if (/^(?:42|0A|22|08P01)/.test(code)) return code
    throw error
  }
}
