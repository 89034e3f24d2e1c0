import { quoteLiteral } from "@wardkeep/core"
import { type Column, labelOf, primaryKey, type Relation } from "../catalog/relation.js"
import { tenantColumns } from "../catalog/whose.js"
import type { Actor } from "../database/actor.js"
import type { Scene } from "../run/check.js"
import { hidden } from "./hidden.js"
import { recordShapes } from "./record-shapes.js"
import { keysOfRows, type RowKey } from "./row-keys.js"

/** Columns that may name a row, and rows that each of them names. */
const limits = { columns: 5, rows: 6 }

/** Where an own row may name another one: a column, or a member of a document in it. */
export type Place = Column & { readonly member?: string }

/** A column of an own row, and SQL that names a row of the victim's there. */
export interface Naming {
  readonly column: string
  readonly value: string
  /** What was sent, and so is no answer. */
  readonly text: string
}

/**
 * Keys of the victim's rows of these tables, for columns of an own row. No constraint need declare such a column to be a
 * reference: the older order that this one replaces, a list of results that belong to it, a number in a text.
 */
export async function theirKeys(
  scene: Scene,
  victim: Actor,
  places: readonly Place[],
  tables: readonly Relation[],
): Promise<Naming[]> {
  const found: Naming[] = []
  for (const place of places.slice(0, limits.columns)) {
    const { name, base, member } = place
    const asked = member === undefined ? { name, base: base.replace(/\[\]$/, "") } : { name: member, base: "text" }
    for (const { text, literal } of (await keysFor(scene, victim, asked, tables)).slice(0, limits.rows))
      found.push({ column: name, value: `${within(place, literal)}::${base}`, text })
  }
  return found
}

function within({ category, member }: Place, literal: string): string {
  if (member !== undefined) return `jsonb_build_object(${quoteLiteral(member)}, ${literal})`
  return category === "A" ? `array[${literal}]` : literal
}

/** Columns in which a row may name another one: not whose it is, nothing that is drawn, and its own key last. */
export function namingColumns(relation: Relation): Column[] {
  const tenant = tenantColumns(relation)
  const own = primaryKey(relation)?.columns ?? []
  return relation.columns
    .filter(
      ({ name, base, generated, identity, drawn, enum: isEnum }) =>
        !(tenant.includes(name) || generated || identity !== "" || drawn || isEnum) &&
        /^(smallint|integer|bigint|uuid|text|character varying)(\[\])?$/.test(base),
    )
    .toSorted((a, b) => Number(own.includes(a.name)) - Number(own.includes(b.name)))
}

async function keysFor(
  scene: Scene,
  victim: Actor,
  { name, base }: Pick<Column, "name" | "base">,
  tables: readonly Relation[],
): Promise<(RowKey & { literal: string })[]> {
  const isText = base === "text" || base === "character varying"
  const found: (RowKey & { literal: string })[] = []
  for (const type of isText ? ["text", "character varying", "uuid", "bigint"] : [base]) {
    const keys = await keysOfRows(scene, { name, base: type }, victim, (one) => tables.includes(one))
    // A text may be what a person is called by; numbers and UUIDs are the system's own.
    const isNobodys = type === "uuid" || type === "bigint" || !isText
    for (const key of keys)
      found.push({ ...key, literal: isNobodys ? quoteLiteral(key.text) : hidden(key.text, key.place) })
  }
  return byTurns(found, tables)
}

/** Where a text takes something from a new row: its columns, and in its documents the members that are named. */
export function placesIn(relation: Relation, source: string): Place[] {
  // Of a transition table the text has the columns under whatever name it gave it.
  const isTable = /^REFERENCING (NEW|OLD) TABLE /m.test(source)
  const isTaken = ({ name }: Column): boolean =>
    [...(isTable ? [name] : []), `new.${name}`, `old.${name}`].some((one) => namesColumn(source, one))
  const members = recordShapes(source).find(({ path, isList, of }) => path.length === 0 && !isList && of === source)
  const documents = relation.columns
    .filter((column) => /^jsonb?$/.test(column.base) && !column.generated && isTaken(column))
    .flatMap((column) => (members?.members ?? []).map((member) => ({ ...column, member })))
  return [...namingColumns(relation).filter(isTaken), ...documents]
}

export const namesColumn = (source: string, name: string): boolean =>
  new RegExp(`\\b${name.replace(/\W/g, ".")}\\b`, "i").test(source)

/** One row of each table before the second one of any. */
function byTurns<T extends RowKey>(keys: readonly T[], tables: readonly Relation[]): T[] {
  const lists = tables.map((one) => keys.filter(({ place }) => place.startsWith(`${labelOf(one)}.`)))
  const longest = Math.max(0, ...lists.map(({ length }) => length))
  return Array.from({ length: longest }, (_, turn) => lists.flatMap((list) => list[turn] ?? [])).flat()
}
