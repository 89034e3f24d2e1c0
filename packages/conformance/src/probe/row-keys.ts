import { type Column, columnOf, isTable, labelOf, primaryKey, type Relation } from "../catalog/relation.js"
import type { Actor } from "../database/actor.js"
import type { Scene } from "../run/check.js"
import type { Argument } from "./argument.js"
import type { SampleRow } from "./facts.js"
import { holdsTenants } from "./ground.js"
import { hidden } from "./hidden.js"
import { names } from "./policy-parts.js"

export const plainName = (name: string): string => name.replace(/^(p|in|v|a|arg)?_+/i, "").toLowerCase()

/** What an argument is called after: `patient` of `p_patient_id`. */
export const meantBy = ({ name }: Pick<Argument, "name">): string =>
  plainName(name).replace(/_?(id|uuid|key|no)s?$/i, "")

export interface RowKey {
  readonly text: string
  /** `schema.table.column` */
  readonly place: string
}

/** Primary keys of the victim's rows of that type; where the argument's name names a table, of that one first. */
export async function rowKeys(
  scene: Scene,
  arg: Argument,
  victim: Actor,
  accepts: (relation: Relation) => boolean = holdsTenants,
): Promise<string[]> {
  return (await keysOfRows(scene, arg, victim, accepts)).map(({ text }) => text)
}

export async function keysOfRows(
  { catalog, facts }: Scene,
  arg: Pick<Argument, "name" | "base">,
  victim: Actor,
  accepts: (relation: Relation) => boolean = holdsTenants,
): Promise<RowKey[]> {
  const element = arg.base.replace(/\[\]$/, "")
  const wanted = meantBy(arg)
  const found: (RowKey & { named: boolean })[] = []
  for (const relation of catalog.relations.filter((one) => holdsTenants(one) && accepts(one))) {
    const column = keyColumn(relation, element, wanted)
    if (column === undefined) continue
    const { rows } = await facts.owned(relation, victim)
    const named = wanted !== "" && relation.name.toLowerCase().includes(wanted)
    for (const row of rows.slice(0, 3))
      found.push({ named, text: textOf(row, column), place: `${labelOf(relation)}.${column}` })
  }
  const sorted = [...found.filter(({ named }) => named), ...found.filter(({ named }) => !named)]
  return sorted.filter(({ text }, place) => sorted.findIndex((other) => other.text === text) === place)
}

/**
 * Under which nobody's tables that the function names, such as a cache or a queue, have their rows: of the first column
 * of each key that is `wanted`, as SQL, row by row and with what is there twice.
 */
export async function storedKeys(
  { catalog, facts }: Scene,
  source: string,
  wanted: (column: Column) => boolean,
): Promise<string[]> {
  const found: string[] = []
  for (const table of catalog.relations.filter((one) => one.tenancy.by === "nothing" && isTable(one))) {
    const key = primaryKey(table)
      ?.columns.flatMap((name) => columnOf(table, name) ?? [])
      .find(wanted)
    if (key === undefined || !names(source, table.name)) continue
    const rows = await facts.sample(table, "true", 3)
    for (const { values } of rows) found.push(hidden(String(values[key.name]), `${labelOf(table)}.${key.name}`))
  }
  return found
}

/** The column of the primary key of that type that is called so; else the last: behind the tenant, the row's own. */
export function keyColumn(relation: Relation, type: string, wanted = ""): string | undefined {
  const names = primaryKey(relation)?.columns ?? []
  const tenant = relation.tenancy.by === "column" ? relation.tenancy.column.name : ""
  const same = names.filter((name) => {
    const base = relation.columns.find((column) => column.name === name)?.base
    return name !== tenant && (base === type || (isWhole(base) && isWhole(type)))
  })
  return same.find((name) => wanted !== "" && bare(name) === bare(wanted)) ?? same.at(-1)
}

const bare = (name: string): string => name.toLowerCase().replace(/_?(id|uuid|key|no)s?$/, "")

const isWhole = (type: string | undefined): boolean => type === "integer" || type === "bigint" || type === "smallint"

const textOf = ({ values }: SampleRow, column: string): string => String(values[column])
