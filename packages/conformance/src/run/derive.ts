import { quoteIdent } from "@wardkeep/core"
import type { Catalog } from "../catalog/catalog.js"
import { isTable, type Relation } from "../catalog/relation.js"
import { followReferences } from "../catalog/tenancy.js"
import type { Actor } from "../database/actor.js"
import type { Facts } from "../probe/facts.js"
import { type Derived, Glance, type GlanceLimits, type Looking, sampled } from "./glance.js"
import { byNumber, byOwnerKind } from "./said-by-number.js"
import { byFolder, byLastPart, byMember } from "./said-in-row.js"

/** How a row may say it, the surest first. */
type Way = (looking: Looking, relation: Relation) => readonly Derived[] | Promise<readonly Derived[]>

/** What the row itself says is read at once. Numbers are looked up in other tables. */
const rounds: readonly (readonly Way[])[] = [
  [byMember, byFolder, (_, relation) => byLastPart(relation)],
  [byOwnerKind, byNumber],
]

/**
 * Says of tables without a tenant column, and without a declared parent that has one, whose their rows are, where the
 * rows that are there say it, of two tenants at least. Resolves with what there was no time to look at.
 */
export async function deriveTenancy(
  catalog: Catalog,
  facts: Facts,
  actors: readonly Actor[],
  limits?: GlanceLimits,
): Promise<string[]> {
  const keys = actors.map((actor) => actor.keys).filter((own) => own.length > 0)
  const looking = { catalog, glance: new Glance(facts, limits), keys }
  // Two of them may say two things of one row, such as who sent it and who received it.
  const torn = new Set<Relation>()
  // A number may be that of a row of which another number says whose it is.
  for (const ways of [...rounds, ...rounds.slice(-1)]) {
    for (const relation of openTables(catalog)) {
      if (torn.has(relation)) continue
      const told = await derivedOf(looking, relation, ways)
      const [tenancy] = told
      if (told.length > 1) torn.add(relation)
      else if (tenancy !== undefined) relation.tenancy = tenancy
    }
    followReferences(catalog)
  }
  return looking.glance.notCovered(catalog)
}

/** The smallest first, which take the least time. */
const openTables = ({ relations }: Catalog): Relation[] =>
  relations.filter((one) => isTable(one) && one.tenancy.by === "nothing").toSorted((a, b) => a.tuples - b.tuples)

/** All of the first way that says it. */
async function derivedOf(looking: Looking, relation: Relation, ways: readonly Way[]): Promise<readonly Derived[]> {
  for (const way of ways) {
    const told: Derived[] = []
    for (const one of await way(looking, relation)) if (await tellsTenants(looking, relation, one)) told.push(one)
    if (told.length > 0) return told
  }
  return []
}

/** Whether rows of two of the tenants that are known are among them. */
async function tellsTenants({ glance, keys }: Looking, relation: Relation, one: Derived): Promise<boolean> {
  const { columns, tenant, belongs } = one
  const from = sampled(relation)
  if (belongs !== undefined) {
    const each = keys.map(
      (own) => `select where exists (select from ${from} as wk_row where ${belongs("wk_row", own)})`,
    )
    const rows = await glance.at(relation, columns.join(", "), each.join(" union all "))
    return rows.length > 1
  }
  const said = columns.map((name) => `wk_row.${quoteIdent(name)} is not null`).join(" and ")
  const rows = await glance.at(
    relation,
    columns.join(", "),
    `select distinct (${tenant("wk_row")})::text as key from ${from} as wk_row where ${said} limit 500`,
  )
  const told = new Set(rows.map(({ key }) => String(key)))
  return keys.filter((own) => own.some((key) => told.has(key))).length > 1
}
