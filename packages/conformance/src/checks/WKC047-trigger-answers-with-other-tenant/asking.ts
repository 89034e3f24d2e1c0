import { type Column, columnOf } from "../../catalog/relation.js"
import { tenantColumns } from "../../catalog/whose.js"
import type { Ground } from "../../probe/ground.js"
import { isScoped, keyColumns } from "../../probe/natural-key.js"

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
      return isScoped(scene, relation, names) ? [] : names
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

/** Values a person could know of somebody: neither the tenant nor a number of the system's own making. */
export function isAskable({ relation, rights, theirs }: Ground, name: string): boolean {
  const column = columnOf(relation, name)
  if (column === undefined || column.generated || column.identity !== "" || column.drawn) return false
  if (relation.tenancy.by === "column" && relation.tenancy.column.name === name) return false
  const value = theirs.rows[0]?.values[name]
  return rights.insert.includes(name) && value !== null && value !== undefined
}
