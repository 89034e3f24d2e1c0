import { type Column, columnOf, type Relation } from "../../catalog/relation.js"
import { tenantColumns } from "../../catalog/whose.js"
import type { Actor } from "../../database/actor.js"
import { aims } from "../../probe/aim.js"
import { freshValue } from "../../probe/fresh.js"
import { type Ground, holdsTenants } from "../../probe/ground.js"
import { insertStatement } from "../../probe/insertion.js"
import { isScoped, keyColumns } from "../../probe/natural-key.js"
import type { Rights } from "../../probe/rights.js"

/** Of a wide table, the first ones. */
export const columnLimit = 10

/**
 * Columns in which two tenants may write the same: not the tenant, not a reference, nothing that the system draws, and
 * no key of everybody's, which is WKC060's question.
 */
export function sharedColumns(ground: Ground): Column[] {
  const { scene, relation, rights } = ground
  const taken = new Set(
    relation.keys.flatMap((key) => {
      if (key.kind === "f") return key.columns
      const names = keyColumns(relation, key)
      return isScoped(scene, relation, key) ? [] : names
    }),
  )
  for (const name of tenantColumns(relation)) taken.add(name)
  return relation.columns.filter(
    ({ name, generated, identity, drawn }) =>
      !taken.has(name) &&
      !generated &&
      identity === "" &&
      !drawn &&
      (rights.insert.length > 0 ? rights.insert : rights.update).includes(name),
  )
}

/** A number that the server gives a row, and that is the row's own together with its tenant and these other columns. */
export interface Numbered {
  readonly column: Column
  readonly group: readonly Column[]
}

/** Whole numbers, and texts, which may end in one, that nothing draws: a trigger may count them. */
export function numbered({ columns, keys, tenancy }: Relation, { select }: Rights): Numbered[] {
  if (tenancy.by !== "column") return []
  const whose = tenancy.column.name
  const own = keys.filter(({ kind, hasExpression }) => (kind === "p" || kind === "u") && !hasExpression)
  const foreign = new Set(keys.filter(({ kind }) => kind === "f").flatMap((key) => key.columns))
  return columns.flatMap((column): Numbered[] => {
    const { name, base, category, drawn, identity, generated } = column
    const key = own.find((one) => one.columns.includes(name) && one.columns.includes(whose))
    // What is unique by itself could not be counted for each tenant.
    const isEverybodys = own.some((one) => one.columns.includes(name) && !one.columns.includes(whose))
    const isCounted = /^(smallint|integer|bigint)$/.test(base) || (category === "S" && !column.enum)
    const isFilled = !drawn && identity === "" && !generated && name !== whose && !foreign.has(name)
    if (key === undefined || isEverybodys || !isCounted || !isFilled || !select.includes(name)) return []
    const group = columns.filter((one) => key.columns.includes(one.name) && one.name !== name && one.name !== whose)
    return [{ column, group }]
  })
}

/** Values a person could know of somebody: neither the tenant nor a number of the system's own making. */
export function isAskable({ relation, rights, theirs }: Ground, name: string): boolean {
  const column = columnOf(relation, name)
  if (column === undefined || column.generated || column.identity !== "" || column.drawn) return false
  if (relation.tenancy.by === "column" && relation.tenancy.column.name === name) return false
  const value = theirs.rows[0]?.values[name]
  return rights.insert.includes(name) && value !== null && value !== undefined
}

/** Values that two tenants write alike, and what each has to write first. */
export interface Alike {
  readonly set: Readonly<Record<string, string>>
  readonly above?: { readonly own: string; readonly theirs: string }
}

/**
 * What a row refers to, each tenant has of its own, and both may call it the same: a patient of the same national number, a device
 * of the same name. So each writes one that is called so, and then the row that refers to it.
 */
export async function underAlike(ground: Ground): Promise<Alike[]> {
  const { scene, relation, attacker, victim, rights } = ground
  const found: Alike[] = []
  for (const key of relation.keys.filter(({ kind }) => kind === "f")) {
    const parent = scene.catalog.byOid(key.parent ?? "")
    if (parent === undefined || parent === relation || !holdsTenants(parent)) continue
    const whose = tenantColumns(parent)
    const named = key.columns.flatMap((name, at) => {
      const column = columnOf(parent, key.parentColumns?.[at] ?? "")
      return column === undefined || whose.includes(column.name) ? [] : [{ name, column }]
    })
    const [only] = named
    // With nothing but the tenant beside it: what no tenant may call the same is a key of everybody's.
    if (only === undefined || named.length > 1 || key.columns.length === 1 || !rights.insert.includes(only.name))
      continue
    const value = freshValue(only.column)
    if (value === undefined) continue
    const [own, theirs] = [
      await called(ground, parent, attacker, only.column, value),
      await called(ground, parent, victim, only.column, value),
    ]
    if (own !== undefined && theirs !== undefined) found.push({ set: { [only.name]: value }, above: { own, theirs } })
  }
  return found
}

async function called(
  { scene }: Ground,
  relation: Relation,
  actor: Actor,
  { name }: Column,
  value: string,
): Promise<string | undefined> {
  const [rights, owned] = [await scene.rights.of(actor, relation), await scene.facts.owned(relation, actor)]
  if (!rights.insert.includes(name)) return undefined
  const like = owned.count > 0 ? aims(relation, actor, owned)[0] : undefined
  return insertStatement({ relation, rights, like, set: { [name]: value }, same: true })
}
