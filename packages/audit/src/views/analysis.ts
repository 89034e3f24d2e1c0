import { splitName } from "@wardkeep/core"
import { carriesOut } from "@wardkeep/postgres/client"
import { calledIn, mayShowAny } from "./called.js"
import type { CatalogMap } from "./catalog-map.js"
import type { PlannedTables } from "./plan-tables.js"
import { type Aliases, type Surroundings, touched } from "./touched.js"
import type { ViewedTable } from "./viewed.js"
import { groupsOf } from "./viewed.js"

/** How the person was found: in the result, by the rows' key, not at all, or the caller named the table. */
export type Source = "exact" | "fetched" | "undetermined" | "declared"

/** What one statement shows of one table. */
export interface TableView {
  readonly relation: string
  readonly groups: readonly string[]
  /** Positions in the result that hold the person. */
  readonly subjects: readonly number[]
  /** Position in the result of the persons that a row of it was made of, as a JSON array; see `Wide`. */
  readonly listed?: number
  /** The table is read once, and no row of the result holds values of rows that are not in it. */
  readonly alone: boolean
  /** Whether the person may be empty in a row: then it is of somebody unknown. */
  readonly nullable: boolean
  /** Position in the result of the rows' own key, from which the person is fetched. */
  readonly key: number | undefined
  readonly source: Source
  /** Columns that may not be shown without a person. */
  readonly strict: readonly string[]
}

export interface Analysis {
  readonly views: readonly TableView[]
  /** Rows may leave through the session's state: the result says neither whose nor how many. */
  readonly carried: boolean
  /** It calls a function whose work nobody declared: what that leaves behind it may leave without a row, too. */
  readonly hidden: boolean
}

export interface Statement {
  readonly text: string
  readonly reads: readonly string[] | undefined
  readonly origins: readonly string[]
}

/** Decides what is recorded of a statement. `plan` is undefined where it could not be had. */
export function analyse(
  { text, reads, origins }: Statement,
  tables: ReadonlyMap<string, ViewedTable>,
  map: CatalogMap,
  plan: PlannedTables | undefined,
): Analysis {
  const views: TableView[] = []
  for (const [relation, appearances] of appearancesOf(plan, map)) {
    const table = tables.get(relation)
    if (table !== undefined) views.push(viewOf(table, appearances, { text, origins, map, plan }))
  }
  const named = new Set(views.map(({ relation }) => relation))
  // A plan that leaves out a table of which the result shows columns was not understood.
  for (const origin of origins) {
    const table = tables.get(map.origins.get(origin)?.relation ?? "")
    if (table === undefined || named.has(table.relation)) continue
    named.add(table.relation)
    views.push(unseen(table, "undetermined"))
  }
  const inText = map.namedIn(text)
  // A literal such as 'now', and settings of the session, let a plan leave out what is read at another time.
  for (const relation of plan === undefined ? [] : inText.tables) {
    const table = tables.get(relation)
    if (table === undefined || named.has(relation)) continue
    named.add(relation)
    const { name } = splitName(relation, "public")
    const columns = touched(table, nowhere, { text, origins, map, plan: mayShowAny(text, name) ? undefined : plan })
    views.push({ ...unseen(table, "undetermined"), ...shownOf(table, columns) })
  }
  const counted = plan !== undefined && counts(text, views, map, plan)
  const function_ = hiddenCall(text, map, plan) ?? [...inText.functions][0]?.toLowerCase()
  for (const relation of reads ?? []) {
    const table = tables.get(relation)
    if (table !== undefined && !named.has(relation)) views.push(unseen(table, "declared"))
  }
  // A function can read any table. Whoever wrote it may say which; where nobody did, one event names the function.
  const hidden = function_ !== undefined && (reads === undefined || function_ === unknown)
  if (hidden) views.push(ofFunction(function_, tables))
  // The plan writes names plainly, also escaped ones; what it does not print, a VALUES list or LIMIT, is left to the text.
  const carried =
    counted || plan === undefined || carriesOut(plan.expressions) || carriesOut(text.replaceAll(/u&\s*"/gi, '"'))
  return { views: carried ? views.map(ofNobodyKnown) : views, carried, hidden }
}

/** Whether a later statement can tell how often a function was called, or that it was. What an INSERT only writes has no rows to tell of. */
function counts(text: string, views: readonly TableView[], map: CatalogMap, plan: PlannedTables): boolean {
  const read = new Set([...plan.read].map((relation) => map.rootOf.get(relation)))
  const written = new Set([...plan.written].map((relation) => map.rootOf.get(relation)))
  if (views.every(({ relation }) => written.has(relation) && !read.has(relation))) return false
  return [...calledIn(plan.expressions), ...calledIn(text)].some((name) => map.volatile.has(name))
}

const none: ReadonlySet<string> = new Set()
const nowhere: Aliases = { aliases: none, planned: none }

/** Whoever stands in the result, others may have left beside it. */
export function ofNobodyKnown(view: TableView): TableView {
  if (view.source === "declared") return view
  return { ...view, subjects: [], key: undefined, alone: false, source: "undetermined" }
}

interface Appearances extends Aliases {
  readonly once: boolean
}

/** Where each table appears in the plan; its partitions count as the table itself. */
function appearancesOf(plan: PlannedTables | undefined, map: CatalogMap): Map<string, Appearances> {
  const aliases = new Map<string, Set<string>>()
  const planned = new Map<string, Set<string>>()
  const readings = new Map<string, number>()
  const repeated = new Set<string>()
  for (const { relation, alias } of plan?.scans ?? []) {
    const root = map.rootOf.get(relation)
    if (root === undefined) continue
    const found = aliases.get(root) ?? new Set<string>()
    aliases.set(root, found)
    if (relation === `${root}_word`) continue
    planned.set(root, (planned.get(root) ?? new Set()).add(alias))
    found.add(relation === root ? alias : alias.replace(/_\d+$/, ""))
    // Every reading of a partitioned table scans each of its partitions, under a number of its own.
    const times = (readings.get(relation) ?? 0) + 1
    readings.set(relation, times)
    if (times > 1) repeated.add(root)
  }
  return new Map(
    [...aliases].map(([root, names]) => [
      root,
      { aliases: names, planned: planned.get(root) ?? none, once: names.size === 1 && !repeated.has(root) },
    ]),
  )
}

function viewOf(table: ViewedTable, appearances: Appearances, around: Surroundings): TableView {
  const { relation, subject } = table
  const { origins, map, plan } = around
  const { once } = appearances
  const positions = (column: string | undefined): number[] =>
    origins.flatMap((origin, at) => {
      const from = map.origins.get(origin)
      return column !== undefined && from?.relation === relation && from.column === column ? [at] : []
    })
  const columns = touched(table, appearances, around)
  const alone = once && plan?.mixed === false
  const subjects = positions(subject)
  const [key] = positions(map.keys.get(relation)?.column)
  const fetchable = alone && key !== undefined && (subject !== undefined || table.through !== undefined)
  const source = alone && subjects.length > 0 ? "exact" : fetchable ? "fetched" : "undetermined"
  return {
    relation,
    ...shownOf(table, columns),
    subjects,
    nullable: map.nullable.has(`${relation}.${subject}`),
    key: source === "fetched" ? key : undefined,
    alone,
    source,
  }
}

const shownOf = (table: ViewedTable, columns: readonly string[]): Pick<TableView, "groups" | "strict"> => ({
  groups: groupsOf(table, columns),
  strict: columns.filter((column) => table.strict.has(column)),
})

/** What nobody can answer for. */
const unknown = "unknown"

/** A function whose reading cannot be seen. An identifier written in Unicode escapes could be any. */
function hiddenCall(text: string, map: CatalogMap, plan: PlannedTables | undefined): string | undefined {
  if (plan === undefined) return unknown
  if (/u&\s*"/i.test(text)) return unknown
  return (map.opaque.exec(text) ?? map.opaque.exec(plan.expressions))?.[1]?.toLowerCase()
}

function unseen(table: ViewedTable, source: Source): TableView {
  return {
    relation: table.relation,
    groups: groupsOf(table, table.groups.keys()),
    subjects: [],
    nullable: false,
    key: undefined,
    alone: false,
    source,
    strict: [...table.strict],
  }
}

function ofFunction(name: string, tables: ReadonlyMap<string, ViewedTable>): TableView {
  const strict = [...tables.values()].flatMap((table) =>
    [...table.strict].map((column) => `${table.relation}.${column}`),
  )
  return {
    relation: `${name}()`,
    groups: [],
    subjects: [],
    nullable: false,
    key: undefined,
    alone: false,
    source: "undetermined",
    strict,
  }
}
