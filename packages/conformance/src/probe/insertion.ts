import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { type Column, type Key, labelOf, quoted, type Relation } from "../catalog/relation.js"
import { tenantColumns } from "../catalog/whose.js"
import type { SampleRow } from "./facts.js"
import { freshValue } from "./fresh.js"
import { hidden } from "./hidden.js"
import type { Rights } from "./rights.js"

export interface Insertion {
  readonly relation: Relation
  readonly rights: Rights
  /** Predicate for a row to copy from; no value of it ever stands in the statement. */
  readonly like: string | undefined
  /** SQL per column that differs from the copied row. */
  readonly set: Readonly<Record<string, string>>
  readonly suffix?: string
  /** Copy every row that the predicate finds, keys and all; otherwise one, with new keys. */
  readonly every?: boolean
  /** The same row whenever it is asked for: without an order the server may take another, and the answer moves with it. */
  readonly same?: boolean
  /** As the branch of a MERGE that finds no row. */
  readonly merge?: boolean
}

/**
 * One INSERT that the table's keys should accept: copied from a row the attacker may see, with new values where a key
 * wants them; without such a row, values are made up. Undefined where a value that is needed cannot be had.
 */
export function insertStatement(insertion: Insertion): string | undefined {
  const parts = insertionOf(insertion)
  if (parts === undefined) return undefined
  const { relation, like, set, suffix = "", every = false, merge = false } = insertion
  const { into, names, values, source } = parts
  const always = relation.columns.some(({ name, identity }) => identity === "a" && Object.hasOwn(set, name))
  const columns = `(${names.join(", ")})${always ? " overriding system value" : ""}`
  const list = values.join(", ")
  if (merge) {
    const one = like === undefined ? "select 1" : `select wk_row.* ${source}`
    return `merge into ${into} as wk_into using (${one}) as wk_row on false when not matched then insert ${columns} values (${list})`
  }
  const rows = like === undefined ? `values (${list})` : `select ${list} ${every ? everyRow(relation, like) : source}`
  return `insert into ${into} ${columns} ${rows}${suffix}`
}

/** What such a statement is made of. */
export interface InsertionParts {
  readonly into: string
  readonly names: readonly string[]
  readonly values: readonly string[]
  /** Behind a SELECT of the values; empty where no row is copied. */
  readonly source: string
}

export function insertionOf({
  relation,
  rights,
  like,
  set,
  every = false,
  same = false,
}: Insertion): InsertionParts | undefined {
  const names: string[] = []
  const values: string[] = []
  const fresh = every ? new Set<string>() : freshColumns(relation, set)
  for (const column of relation.columns) {
    const value = set[column.name] ?? valueFor(column, fresh, rights, like)
    if (value === "default" || value === undefined) {
      if (value === undefined && column.notNull && !column.hasDefault) return undefined
      continue
    }
    if (!rights.insert.includes(column.name)) {
      if (Object.hasOwn(set, column.name)) return undefined
      continue
    }
    names.push(quoteIdent(column.name))
    values.push(value)
  }
  // No statement at all: a syntax error would end the transaction, savepoint or not.
  if (names.length === 0) return undefined
  const source = like === undefined ? "" : `${everyRow(relation, like)}${same ? inOrder(rights) : ""} limit 1`
  return { into: quoted(relation), names, values, source }
}

/** By all that may be read, as text: not every type has an order, and a system column may be out of reach. */
export const inOrder = ({ select }: Rights): string =>
  select.length === 0 ? "" : ` order by row(${select.map((name) => `wk_row.${quoteIdent(name)}`).join(", ")})::text`

const everyRow = (relation: Relation, like: string): string => `from ${quoted(relation)} as wk_row where ${like}`

function valueFor(
  column: Column,
  fresh: ReadonlySet<string>,
  rights: Rights,
  like: string | undefined,
): string | undefined {
  if (column.generated || column.identity !== "" || column.drawn) return "default"
  if (fresh.has(column.name)) return freshValue(column)
  if (like !== undefined && rights.select.includes(column.name)) return `wk_row.${quoteIdent(column.name)}`
  return column.notNull && !column.hasDefault ? freshValue(column) : "default"
}

/** One column of every key that would otherwise repeat the copied row. */
export function freshColumns(relation: Relation, set: Readonly<Record<string, string>>): Set<string> {
  const fresh = new Set<string>()
  const foreign = new Set(relation.keys.filter(({ kind }) => kind === "f").flatMap(({ columns }) => columns))
  const whose = tenantColumns(relation)
  for (const key of relation.keys.filter(({ kind }) => kind !== "f")) {
    const columns = key.columns.map((name) => relation.columns.find((column) => column.name === name))
    if (columns.some((column) => column === undefined || column.drawn || fresh.has(column.name))) continue
    const usable = columns.filter(
      (column) => column !== undefined && !foreign.has(column.name) && !Object.hasOwn(set, column.name),
    )
    const made = usable.filter(
      (column) => column !== undefined && freshValue(column) !== undefined && column.base !== "boolean",
    )
    // A path or a document says whose the row is and more: where the key has nothing else, another one of nobody's.
    const chosen =
      made.find((column) => column !== undefined && !whose.includes(column.name)) ??
      made.find(() => relation.tenancy.by === "derived")
    if (chosen !== undefined) fresh.add(chosen.name)
  }
  return fresh
}

/**
 * A value of a sample row as SQL, marked so that no report prints it where it may be a person's.
 *
 * @param tenant whose the row is, where a statement takes values of two
 */
export function literalOf(relation: Relation, name: string, row: SampleRow, tenant?: string): string {
  const column = relation.columns.find((one) => one.name === name)
  const value = row.values[name]
  if (value === null || value === undefined || column === undefined) return "null"
  const text = typeof value === "object" ? JSON.stringify(value) : String(value)
  const literal = isNobodys(relation, column)
    ? quoteLiteral(text)
    : hidden(text, `${labelOf(relation)}.${name}`, tenant)
  return `${literal}::${column.base}`
}

/** The tenant's key, which the target names, and numbers and UUIDs of the system's own making. */
export function isNobodys({ tenancy, keys }: Relation, { name, base, category }: Column): boolean {
  if ((tenancy.by === "column" || tenancy.by === "root") && tenancy.column.name === name) return true
  const isKey = keys.some(({ kind, columns }) => (kind === "p" || kind === "f") && columns.includes(name))
  return base === "uuid" || (category === "N" && isKey)
}

/** Values of these columns of a sample row as SQL. */
export const literalsOf = (
  relation: Relation,
  names: readonly string[],
  row: SampleRow,
): Readonly<Record<string, string>> => Object.fromEntries(names.map((name) => [name, literalOf(relation, name, row)]))

/** The row's references to other tables, so that a row made for its tenant finds its parents. */
export function referencesOf(
  relation: Relation,
  row: SampleRow,
  except: readonly string[] = [],
): Record<string, string> {
  const keys: readonly Key[] = relation.keys.filter(({ kind, parent }) => kind === "f" && parent !== relation.oid)
  const names = [...new Set(keys.flatMap(({ columns }) => columns))].filter((name) => !except.includes(name))
  return Object.fromEntries(names.map((name) => [name, literalOf(relation, name, row)]))
}
