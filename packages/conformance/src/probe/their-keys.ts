import { quoteLiteral } from "@wardkeep/core"
import { type Column, columnOf, labelOf, primaryKey, type Relation } from "../catalog/relation.js"
import { tenantColumns } from "../catalog/whose.js"
import type { Actor } from "../database/actor.js"
import type { Scene } from "../run/check.js"
import { isHanded } from "./handed.js"
import { hidden } from "./hidden.js"
import type { Pair } from "./pair.js"
import { names } from "./policy-parts.js"
import { recordShapes } from "./record-shapes.js"
import { keyColumn, meantBy } from "./row-keys.js"

/** Columns that may name a row, rows that each of them names, and those of one table. */
const limits = { columns: 5, rows: 6, ofTable: 3 }

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
  pair: Pair,
  places: readonly Place[],
  tables: readonly Relation[],
): Promise<Naming[]> {
  const found: Naming[] = []
  for (const place of numbersFirst(places).slice(0, limits.columns)) {
    const { name, base, member } = place
    const asked = member === undefined ? { name, base: base.replace(/\[\]$/, "") } : { name: member, base: "text" }
    for (const { text, literal } of (await keysFor(scene, pair, asked, tables)).slice(0, limits.rows))
      found.push({ column: name, value: `${namedIn(place, literal)}::${base}`, text })
  }
  return found
}

/** What is drawn names a row more often than what is written. */
const numbersFirst = (places: readonly Place[]): Place[] =>
  places.toSorted((a, b) => Number(isWritten(a)) - Number(isWritten(b)))

const isWritten = ({ base }: Place): boolean => base.startsWith("text") || base.startsWith("character")

function namedIn({ category, member }: Place, literal: string): string {
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

interface Key {
  readonly text: string
  readonly literal: string
  readonly table: Relation
}

async function keysFor(
  scene: Scene,
  pair: Pair,
  { name, base }: Pick<Column, "name" | "base">,
  tables: readonly Relation[],
): Promise<Key[]> {
  const isText = base === "text" || base === "character varying"
  const wanted = meantBy({ name })
  const found: Key[] = []
  for (const table of tables) {
    for (const type of isText ? ["text", "character varying", "uuid", "bigint"] : [base]) {
      const column = keyColumn(table, type, wanted)
      // A code was handed to one person: whoever has it was given it.
      if (column === undefined || isHanded(column)) continue
      const { rows } = await scene.facts.owned(table, pair.victim)
      const known = rows.filter(({ values }) => !isMeantFor(pair.attacker, table, values)).slice(0, limits.ofTable)
      for (const { values } of known) {
        const text = String(values[column])
        // A text may be what a person is called by; numbers and UUIDs are the system's own.
        const isNobodys = columnOf(table, column)?.category !== "S"
        found.push({
          text,
          table,
          literal: isNobodys ? quoteLiteral(text) : hidden(text, `${labelOf(table)}.${column}`),
        })
      }
    }
  }
  const isNamed = ({ name: table }: Relation): number => Number(wanted !== "" && table.toLowerCase().includes(wanted))
  return byTurns(
    found.filter(({ text }) => !isSecret(text)),
    tables.toSorted((a, b) => isNamed(b) - isNamed(a)),
  )
}

/** Whoever knows a long run of letters and digits was given it; a UUID stands in every address. */
const isSecret = (text: string): boolean =>
  /^(?=.*\d)(?=.*[a-z])[\w+/=-]{16,}$/i.test(text) && !/^[0-9a-f-]{36}$/i.test(text)

/** The row names the attacker beside whose it is, such as the one whom a letter is for: what it does with that is agreed. */
export function isMeantFor(attacker: Actor, table: Relation, values: Readonly<Record<string, unknown>>): boolean {
  const own = [...tenantColumns(table), ...(primaryKey(table)?.columns ?? [])]
  const stems = tenantColumns(table).map((name) => name.replace(/_?(id|uuid|key|no)$/i, "").toLowerCase())
  return Object.entries(values).some(([name, value]) => {
    if (own.includes(name) || value === null || !attacker.keys.includes(String(value))) return false
    // A short number stands in many columns.
    return (
      String(value).length > 5 ||
      [...stems, "to_", "for_", "_to", "with"].some((stem) => stem !== "" && name.toLowerCase().includes(stem))
    )
  })
}

/** Where a text takes something from a new row: its columns, and in its documents the members that are named. */
export function placesIn(relation: Relation, source: string): Place[] {
  // Of a transition table the text has the columns under whatever name it gave it.
  const isTable = /^REFERENCING (NEW|OLD) TABLE /m.test(source)
  const isTaken = ({ name }: Column): boolean =>
    [...(isTable ? [name] : []), `new.${name}`, `old.${name}`].some((one) => names(source, one))
  const members = recordShapes(source).find(({ path, isList, of }) => path.length === 0 && !isList && of === source)
  const documents = relation.columns
    .filter((column) => /^jsonb?$/.test(column.base) && !column.generated && isTaken(column))
    .flatMap((column) => (members?.members ?? []).map((member) => ({ ...column, member })))
  return [...namingColumns(relation).filter(isTaken), ...documents]
}

/** One row of each table before the second one of any. */
function byTurns(keys: readonly Key[], tables: readonly Relation[]): Key[] {
  const lists = tables.map((one) => keys.filter(({ table }) => table === one))
  const longest = Math.max(0, ...lists.map(({ length }) => length))
  return Array.from({ length: longest }, (_, turn) => lists.flatMap((list) => list[turn] ?? [])).flat()
}
