import { quoteLiteral } from "@wardkeep/core"
import { type Column, columnOf, type Relation } from "../catalog/relation.js"
import { tenantColumns } from "../catalog/whose.js"
import type { Actor } from "../database/actor.js"
import type { Scene } from "../run/check.js"
import type { Routine } from "./argument.js"
import { type CheckedWords, checkedWords } from "./checked-words.js"
import type { SampleRow } from "./facts.js"
import { freshValue } from "./fresh.js"
import { holdsTenants } from "./ground.js"
import { literalOf } from "./insertion.js"
import { tenantTablesIn } from "./only-theirs.js"
import type { Pair } from "./pair.js"
import { type RecordShape, recordShapes } from "./record-shapes.js"
import { isTenantName } from "./scopes.js"

/** Shapes of one function, documents of one shape, and references that each name a row of the victim's. */
const limits = { shapes: 3, documents: 8, references: 2 }

/**
 * A JSON argument as SQL: a row as the function's own text takes one out of it, of the attacker's but for what says whose it is, or
 * which one, or what it belongs to. Free text in it is made up, so that a row that was written over shows it.
 */
export async function recordDocuments(scene: Scene, { source }: Routine, pair: Pair): Promise<string[]> {
  const shapes = recordShapes(source)
  const outer = shapes.find(({ path, isList, of }) => path.length === 0 && !isList && of === source)
  const lists: string[][] = []
  for (const shape of shapes.slice(0, limits.shapes)) {
    const head = shape === outer || outer === undefined ? undefined : (await records(scene, pair, outer, source))[0]
    const made = (await records(scene, pair, shape, source)).map((record) => within(shape, record, head))
    if (made.length > 0) lists.push(made)
  }
  // In turns: one list may be long, and what another one does worse.
  const most = Math.max(0, ...lists.map(({ length }) => length))
  return Array.from({ length: most }, (_, at) => lists.flatMap((list) => list.slice(at, at + 1))).flat()
}

/** The record under its path, beside what else the document says. */
export function within({ path, isList }: RecordShape, record: string, head: string | undefined): string {
  const inner = isList ? `jsonb_build_array(${record})` : record
  const whole = path.toReversed().reduce((text, name) => `jsonb_build_object(${quoteLiteral(name)}, ${text})`, inner)
  return head === undefined || path.length === 0 ? whole : `(${head} || ${whole})`
}

/** Rows of that shape as SQL, each a document of its own. */
export async function records(scene: Scene, pair: Pair, shape: RecordShape, source: string): Promise<string[]> {
  const table = tableOf(scene, shape, source)
  if (table === undefined) return []
  const members = shape.members.length > 0 ? shape.members : table.columns.map(({ name }) => name)
  const filled = await filling(scene, pair, table, members)
  if (filled.length === 0) return []
  const texts = variants(filled).map((values) => {
    const parts = filled.flatMap(({ member }, at) => {
      const value = values[at]
      return value === undefined ? [] : [`${quoteLiteral(member)}, ${value}`]
    })
    return `jsonb_build_object(${parts.join(", ")})`
  })
  return [...new Set(texts)].slice(0, limits.documents)
}

/** The table that has the most columns of these names. */
function tableOf(scene: Scene, { members, table }: RecordShape, source: string): Relation | undefined {
  const tables = tenantTablesIn(scene, source)
  if (table !== undefined) return tables.find(({ name }) => name === table)
  const fit = (one: Relation): number => members.filter((name) => columnFor(scene, one, name) !== undefined).length
  const [best] = tables.toSorted((a, b) => fit(b) - fit(a))
  return best !== undefined && fit(best) > 0 ? best : undefined
}

/** Called like the member, or the member's name with something around it: `plan` for `plan_code`. */
function columnFor(scene: Scene, table: Relation, member: string): Column | undefined {
  const name = member.toLowerCase()
  const exact = columnOf(table, name)
  if (exact !== undefined) return exact
  if (table.tenancy.by === "column" && isTenantName(scene, name)) return table.tenancy.column
  return table.columns.find((one) => one.name.startsWith(`${name}_`) || one.name.endsWith(`_${name}`))
}

/** What a member may be, as SQL. */
interface Filled {
  readonly member: string
  readonly role: "tenant" | "key" | "reference" | "text" | "other"
  readonly own: string | undefined
  readonly theirs: string | undefined
  readonly made: string | undefined
}

async function filling(scene: Scene, pair: Pair, table: Relation, members: readonly string[]): Promise<Filled[]> {
  const listed = (await checkedWords(scene)).filter(({ relation }) => relation === table.oid)
  const [own, theirs] = [await firstRow(scene, table, pair.attacker), await firstRow(scene, table, pair.victim)]
  return members.flatMap((member): Filled[] => {
    const column = columnFor(scene, table, member)
    if (column === undefined) return []
    const role = roleOf(table, column, listed)
    const of = (row: SampleRow | undefined, { keys, name }: Actor): string | undefined => {
      const [key] = keys
      if (role === "tenant" && key !== undefined) return `${quoteLiteral(key)}::${column.base}`
      const value = row?.values[column.name] ?? undefined
      return row === undefined || value === undefined ? undefined : literalOf(table, column.name, row, name)
    }
    const made = role === "text" || role === "key" ? freshValue(column) : undefined
    const typed = made === undefined ? undefined : `${made}::${column.base}`
    return [{ member, role, own: of(own, pair.attacker), theirs: of(theirs, pair.victim), made: typed }]
  })
}

async function firstRow({ facts }: Scene, table: Relation, actor: Actor): Promise<SampleRow | undefined> {
  if (!holdsTenants(table)) return undefined
  return (await facts.owned(table, actor)).rows[0]
}

function roleOf(
  table: Relation,
  { name, category, enum: isEnum }: Column,
  listed: readonly CheckedWords[],
): Filled["role"] {
  if (tenantColumns(table).includes(name)) return "tenant"
  const isIn = (kinds: RegExp): boolean =>
    table.keys.some(({ kind, columns }) => kinds.test(kind) && columns.includes(name))
  if (isIn(/[pu]/)) return "key"
  if (isIn(/f/)) return "reference"
  const isFree = category === "S" && !isEnum && !listed.some(({ column }) => column === name)
  return isFree ? "text" : "other"
}

/**
 * As it should be; another's number on a row of one's own; all of another's; one's own in another's name; a new one that belongs to
 * what is another's; and another's number with nothing else.
 */
function variants(filled: readonly Filled[]): (string | undefined)[][] {
  const row = (theirs: (one: Filled) => boolean, isNew = false, saysText = true): (string | undefined)[] =>
    filled.map((one) => {
      if (one.role === "text") return saysText ? (one.made ?? one.own) : undefined
      if (one.role === "key" && isNew) return one.made ?? one.own
      return theirs(one) ? one.theirs : (one.own ?? (one.role === "other" ? one.theirs : undefined))
    })
  const references = filled.filter(({ role }) => role === "reference").slice(0, limits.references)
  const has = (role: Filled["role"]): boolean => filled.some((one) => one.role === role)
  const isKey = ({ role }: Filled): boolean => role === "key"
  return [
    // Without a text first: what stands there is not written over, and comes back.
    row(isKey, false, false),
    row(isKey),
    ...(has("tenant") ? [row(() => true), row(({ role }) => role === "tenant", true)] : [row(() => true)]),
    ...references.map((one) => row((other) => other === one, true)),
    row(() => false),
    ...(has("key") ? [filled.map((one) => (one.role === "key" ? one.theirs : undefined))] : []),
  ]
}
