import { WardkeepError } from "@wardkeep/core"
import pg from "pg"
import type { Queryable } from "../database/queryable.js"

// `pg` exports its value rules at run time, but its types do not say so.
const { utils } = pg as typeof pg & { readonly utils: { prepareValue(value: unknown): string | Buffer | null } }

/** A column that rows are loaded into. */
export interface LoadColumn {
  readonly name: string
  /** Of the type below any domain: `bytea`, `_bytea` for an array of it, `jsonb`. */
  readonly type: string
  /** PostgreSQL's own letter for its kind of type: A for arrays, S for texts. */
  readonly category: string
}

export async function loadColumns(client: Queryable, table: string): Promise<LoadColumn[]> {
  const { rows } = await client.query<{ name: string; type: string; category: string }>(
    `with recursive known as (
       select attname, attnum, atttypid as type from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped
       union all
       select k.attname, k.attnum, t.typbasetype from known k join pg_type t on t.oid = k.type where t.typtype = 'd'
     )
     select k.attname::text as name, t.typname::text as type, t.typcategory::text as category
       from known k join pg_type t on t.oid = k.type where t.typtype <> 'd' order by k.attnum`,
    [table],
  )
  return rows
}

/**
 * A row in COPY's text format, by the rules with which `pg` sends parameters. What would arrive as something else, such as
 * bytes as the JSON text of a Buffer, is refused instead.
 *
 * @throws WK307 naming column and kind, never the value
 */
export function copyText(row: readonly unknown[], columns: readonly LoadColumn[]): string {
  if (row.length !== columns.length)
    throw new WardkeepError("WK307", {
      message: `a row has ${row.length} values for ${columns.length} columns; nothing was loaded`,
    })
  return columns.map((column, n) => escaped(row[n], column)).join("\t")
}

const halfCharacter = /\p{Surrogate}/u

function escaped(value: unknown, column: LoadColumn): string {
  const text = textOf(asSent(value, column), column)
  if (text === null) return "\\N"
  // UTF-8 has no bytes for it: another character would arrive.
  if (halfCharacter.test(text)) throw refused(value, column, "half of a character")
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\r", "\\r").replaceAll("\t", "\\t")
}

/** What an object says of itself takes its place, by the rules of `pg`, and is checked like anything else. */
function asSent(value: unknown, column: LoadColumn): unknown {
  const seen: unknown[] = []
  let sent = value
  while (has(sent, "toPostgres") && !Array.isArray(sent) && !ArrayBuffer.isView(sent) && !(sent instanceof Date)) {
    if (seen.includes(sent)) throw refused(value, column)
    seen.push(sent)
    sent = sent.toPostgres(utils.prepareValue)
  }
  return Array.isArray(sent) && column.category === "A" ? sent.map((each) => asSent(each, column)) : sent
}

function textOf(value: unknown, column: LoadColumn): string | null {
  if (typeof value === "string") return value
  if (value === null || value === undefined) return null
  const isJson = column.type === "json" || column.type === "jsonb"
  if (isJson && (Array.isArray(value) || isPlain(value))) {
    requireJson(value, column, [])
    return JSON.stringify(value)
  }
  requireKnown(value, column)
  const prepared = utils.prepareValue(value)
  return Buffer.isBuffer(prepared) ? `\\x${prepared.toString("hex")}` : prepared
}

function requireKnown(value: unknown, column: LoadColumn): void {
  if (value === null || value === undefined || typeof value === "string") return
  // A bytea would take a number, an array or an object too, as the bytes of its text; a text the literal of an array.
  const isBytes = column.type === "bytea" || column.type === "_bytea"
  if (Array.isArray(value) && column.category === "A") for (const element of value) requireKnown(element, column)
  else if (isPlain(value) && !isBytes) requireJson(value, column, [])
  else if (ArrayBuffer.isView(value) ? !isBytes : isBytes || !isScalar(value)) throw refused(value, column)
}

function isScalar(value: unknown): boolean {
  if (value instanceof Date) return !Number.isNaN(value.getTime())
  return typeof value === "number" || typeof value === "bigint" || typeof value === "boolean"
}

/** JSON.stringify drops a function, empties a Map and makes null of NaN without a word. */
function requireJson(value: unknown, column: LoadColumn, inside: readonly unknown[]): void {
  if (value === null || value === undefined || typeof value === "string" || typeof value === "boolean") return
  if (Number.isFinite(value) || (value instanceof Date && !Number.isNaN(value.getTime()))) return
  const nested = Array.isArray(value) ? value : isPlain(value) ? Object.values(value) : undefined
  if (nested !== undefined && !inside.includes(value)) {
    for (const each of nested) requireJson(each, column, [...inside, value])
    return
  }
  if (has(value, "toJSON") && !ArrayBuffer.isView(value) && !(value instanceof Date)) return
  throw refused(value, column)
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || prototype === Object.prototype
}

function has<Name extends string>(
  value: unknown,
  method: Name,
): value is Record<Name, (...args: unknown[]) => unknown> {
  return typeof value === "object" && value !== null && typeof Reflect.get(value, method) === "function"
}

function refused(value: unknown, column: LoadColumn, part?: string): WardkeepError {
  const kind = typeof value === "object" ? (value?.constructor?.name ?? "Object") : typeof value
  const named = value instanceof Date && !isScalar(value) ? "Date that is no time" : kind
  const what = part === undefined ? named : `${named} with ${part}`
  return new WardkeepError("WK307", {
    message: `the column ${column.name} of type ${column.type} cannot take a value of kind ${what}; nothing was loaded`,
    hint: "Give texts, numbers, bigints, booleans, Dates, bytes for bytea, arrays for arrays and plain objects for JSON.",
  })
}
