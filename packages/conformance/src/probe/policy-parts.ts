import { z } from "zod"
import { readRows } from "../catalog/catalog.js"
import type { Relation } from "../catalog/relation.js"
import type { Scene } from "../run/check.js"

const row = z.object({
  /** The table with the policy. */
  relation: z.string(),
  schema: z.string(),
  name: z.string(),
  source: z.string(),
  /** Its `search_path` setting, empty where it has none. */
  path: z.string(),
})

export type PolicyFunction = z.output<typeof row>

/** Functions that policies call, and what those call, with the table that each protects. */
export async function policyFunctions({ reader, catalog }: Scene): Promise<PolicyFunction[]> {
  const known =
    called.get(catalog) ?? readRows(reader, "policy-functions.sql", row, [catalog.relations.map(({ oid }) => oid)])
  called.set(catalog, known)
  return await known
}

const called = new WeakMap<Scene["catalog"], Promise<PolicyFunction[]>>()

const usedRow = z.object({ relation: z.string(), used: z.string() })

interface Deciding {
  readonly relation: Relation
  readonly used: Relation
}

const deciding = new WeakMap<Scene["catalog"], Promise<Deciding[]>>()

/** Tables that a policy reads, directly or in a function. */
export async function policyTables(scene: Scene): Promise<Deciding[]> {
  const known = deciding.get(scene.catalog) ?? readPolicyTables(scene)
  deciding.set(scene.catalog, known)
  return await known
}

async function readPolicyTables(scene: Scene): Promise<Deciding[]> {
  const { reader, catalog } = scene
  const direct = await readRows(reader, "policy-tables.sql", usedRow, [catalog.relations.map(({ oid }) => oid)])
  const inside = (await policyFunctions(scene)).flatMap(({ relation, source }) =>
    catalog.relations.filter(({ name }) => names(source, name)).map(({ oid }) => ({ relation, used: oid })),
  )
  const seen = new Set<string>()
  return [...direct, ...inside].flatMap(({ relation, used }) => {
    const [table, other] = [catalog.byOid(relation), catalog.byOid(used)]
    const id = `${relation} ${used}`
    if (table === undefined || other === undefined || relation === used || seen.has(id)) return []
    seen.add(id)
    return [{ relation: table, used: other }]
  })
}

const columnRow = z.object({ relation: z.string(), name: z.string() })
const columnsOf = new WeakMap<Scene["catalog"], Promise<z.output<typeof columnRow>[]>>()

/** Columns of each table that its own policies name. */
export async function policyColumns({ reader, catalog }: Scene): Promise<z.output<typeof columnRow>[]> {
  const known =
    columnsOf.get(catalog) ??
    readRows(reader, "policy-columns.sql", columnRow, [catalog.relations.map(({ oid }) => oid)])
  columnsOf.set(catalog, known)
  return await known
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

/** The source names that relation. */
export const names = (source: string, name: string): boolean => new RegExp(`\\b${escaped(name)}\\b`, "i").test(source)

/** The source names that relation without a schema, so that the search path decides which one is meant. */
export const namesBare = (source: string, name: string): boolean =>
  new RegExp(`\\b(from|join|into|update)\\s+(only\\s+)?"?${escaped(name)}\\b`, "i").test(source)
