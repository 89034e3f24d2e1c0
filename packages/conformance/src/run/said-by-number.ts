import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { type Column, quoted, type Relation } from "../catalog/relation.js"
import { belongsTo, tenantOf } from "../catalog/whose.js"
import { holdsTenants } from "../probe/ground.js"
import type { Derived, Looking } from "./glance.js"

/** `owner_type` names a table, `owner_id` a row of it. */
export function byOwnerKind({ catalog }: Looking, relation: Relation): Derived[] {
  const owners = catalog.relations.flatMap((table) => {
    const key = lastOfKey(table)
    return holdsTenants(table) && key !== undefined ? [{ table, key }] : []
  })
  return relation.columns.flatMap((kind): Derived[] => {
    const stem = /^(.*?)_?(type|kind|table|entity|class|model)$/i.exec(kind.name)?.[1]
    const number = relation.columns.find(
      ({ name }) => stem !== undefined && name !== kind.name && numberOf(name) === stem.toLowerCase(),
    )
    if (number === undefined || (kind.category !== "S" && kind.category !== "E")) return []
    const arms = owners.map(({ table, key }) => {
      const named = [table.name, singular(table.name), `${table.schema}.${table.name}`].map(quoteLiteral).join(", ")
      const isOf = (alias: string): string => `lower(${alias}.${quoteIdent(kind.name)}::text) in (${named})`
      return {
        tenant: (alias: string) => `when ${isOf(alias)} then ${parentOf(table, key, alias, number)}`,
        belongs: (alias: string, keys: readonly string[]) =>
          `${isOf(alias)} and ${belongsLike(table, key, alias, number, keys)}`,
      }
    })
    if (arms.length === 0) return []
    return [
      {
        by: "derived",
        columns: [kind.name, number.name],
        inRow: false,
        tenant: (alias) => `(case ${arms.map((arm) => arm.tenant(alias)).join(" ")} end)`,
        belongs: (alias, keys) => `(${arms.map((arm) => arm.belongs(alias, keys)).join(" or ")})`,
      },
    ]
  })
}

/** The number of another table's row without a foreign key that says so: `visit_id` of `visits`. */
export function byNumber({ catalog }: Looking, relation: Relation): Derived[] {
  return relation.columns.flatMap((column): Derived[] => {
    const stem = numberOf(column.name)
    if (stem === undefined || stem === "") return []
    const parent = catalog.relations.find(
      (one) => one !== relation && holdsTenants(one) && isCalled(one, stem) && fits(one, column),
    )
    const key = parent && lastOfKey(parent)
    if (parent === undefined || key === undefined) return []
    return [
      {
        by: "derived",
        columns: [column.name],
        inRow: false,
        tenant: (alias) => parentOf(parent, key, alias, column),
        belongs: (alias, keys) => `(${belongsLike(parent, key, alias, column, keys)})`,
      },
    ]
  })
}

const fits = (parent: Relation, { category, base }: Column): boolean => {
  const key = lastOfKey(parent)
  return key !== undefined && key.category === category && (key.base === "uuid") === (base === "uuid")
}

const numberOf = (name: string): string | undefined =>
  /^(.*?)_?(id|uuid|no|nr|number|key|ref|code)$/i.exec(name)?.[1]?.toLowerCase()

const singular = (name: string): string => name.replace(/ies$/, "y").replace(/s$/, "")

const isCalled = ({ name }: Relation, stem: string): boolean =>
  [name.toLowerCase(), singular(name.toLowerCase())].includes(stem)

/** Behind the tenant, the row's own. */
function lastOfKey({ keys, columns, tenancy }: Relation): Column | undefined {
  const tenant = tenancy.by === "column" ? tenancy.column.name : ""
  const own = keys.find(({ kind }) => kind === "p")?.columns.filter((name) => name !== tenant) ?? []
  return own.length === 1 ? columns.find(({ name }) => name === own[0]) : undefined
}

/** Whose the row of that number is; nobody's where several tenants have one. */
function parentOf(parent: Relation, key: Column, alias: string, number: Column): string {
  const up = `${alias}_up`
  const tenant = tenantOf(parent, up, 1)
  return `(select min(${tenant}) from ${quoted(parent)} as ${up} where ${isSame(up, key, alias, number)} having count(distinct ${tenant}) = 1)`
}

/** The same for known tenants, as a join that reads the other table once, however many rows there are. */
function belongsLike(parent: Relation, key: Column, alias: string, number: Column, keys: readonly string[]): string {
  const up = `${alias}_up`
  const there = `select from ${quoted(parent)} as ${up} where ${isSame(up, key, alias, number)}`
  const whose = belongsTo(parent, up, keys)
  return `exists (${there} and ${whose}) and not exists (${there} and (${whose}) is not true)`
}

/** As they are where they can be compared so: the text of a number is in no index. */
function isSame(up: string, key: Column, alias: string, number: Column): string {
  const [above, here] = [`${up}.${quoteIdent(key.name)}`, `${alias}.${quoteIdent(number.name)}`]
  return isOneType(key, number) ? `${above} = ${here}` : `${above}::text = ${here}::text`
}

const isOneType = (one: Column, other: Column): boolean =>
  one.base === other.base || [one, other].every(({ base }) => /^(smallint|integer|bigint)$/.test(base))
