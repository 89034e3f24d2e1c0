import { columnOf, type Key, type Relation } from "../catalog/relation.js"
import { holdsTenant } from "../catalog/whose.js"
import type { Scene } from "../run/check.js"
import { aims } from "./aim.js"
import { type Ground, holdsTenants } from "./ground.js"

/** A row of the attacker's own to copy from. */
export const ownRow = ({ relation, attacker, mine }: Ground): string | undefined =>
  mine.count > 0 ? aims(relation, attacker, mine)[0] : undefined

/** The columns of an exclusion constraint that compare by overlap count too, and those inside an expression. */
export function keyColumns(relation: Relation, key: Key): string[] {
  const indexed = key.definition.replace(/^.* USING \w+/i, "").replace(/\sWHERE\s.*$/is, "")
  const names = key.hasExpression
    ? relation.columns
        .map(({ name }) => name)
        .filter((name) => new RegExp(`\\b${name.replace(/\W/g, ".")}\\b`).test(indexed))
    : key.columns
  return names.filter((name) => columnOf(relation, name)?.generated === false)
}

/** Of a key, with what is generated, which nobody writes and which may say whose the row is: one with the tenant, or with all of a reference to a row of the tenant, or with what nobody could guess of it, collides within the tenant only. */
export function isScoped({ catalog }: Scene, relation: Relation, key: Key): boolean {
  const names = [...new Set([...keyColumns(relation, key), ...key.columns])]
  if (holdsTenant(relation, names)) return true
  return relation.keys.some(({ kind, columns, parent }) => {
    const above = kind === "f" ? catalog.byOid(parent ?? "") : undefined
    if (above === undefined || !holdsTenants(above)) return false
    const present = columns.filter((name) => names.includes(name))
    return present.length === columns.length || present.some((name) => columnOf(relation, name)?.base === "uuid")
  })
}

/** Numbers that nobody outside knows: a primary key of its own making. */
export function isSurrogate(relation: Relation, key: Key, names: readonly string[]): boolean {
  const [name = ""] = names
  const column = columnOf(relation, name)
  if (column === undefined || names.length !== 1) return false
  if (column.drawn || column.base === "uuid") return true
  return key.kind === "p" && (column.category === "N" || /(^|_)(id|uuid|ulid|pk|key)$/i.test(name))
}
