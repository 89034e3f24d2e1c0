import type { Scene } from "../run/check.js"
import { holdsTenants } from "./ground.js"
import type { Pair } from "./pair.js"

/** Schemas of a tenant of which a function is told. */
const told = 2
/** Schemas in which it is looked whose rows they hold. */
const mostSchemas = 40

/** Schemas that are the victim's, by their name or by what their tables hold: a function may be told where to read. */
export async function schemasOf({ catalog, facts }: Scene, { attacker, victim }: Pair): Promise<string[]> {
  const named = catalog.relations.flatMap(({ schema, tenancy }) =>
    tenancy.by === "schema" && victim.keys.includes(tenancy.key) ? [schema] : [],
  )
  const found = new Set(named)
  const tables = catalog.relations.filter((one) => holdsTenants(one) && one.tenancy.by !== "schema")
  const schemas = [...new Set(tables.map(({ schema }) => schema))]
  const holds = async (schema: string, tenant: Pair["victim"]): Promise<boolean> => {
    for (const table of tables) if (table.schema === schema && (await facts.owned(table, tenant)).count > 0) return true
    return false
  }
  if (schemas.length > 1)
    for (const schema of schemas.slice(0, mostSchemas))
      if (found.size < told && (await holds(schema, victim)) && !(await holds(schema, attacker))) found.add(schema)
  return [...found].slice(0, told)
}

/** Lists of schemas, with and without the attacker's own: one of them may open the list. */
export async function schemaLists(scene: Scene, { attacker, victim }: Pair): Promise<string[][]> {
  const theirs = await schemasOf(scene, { attacker, victim })
  if (theirs.length === 0) return []
  const own = await schemasOf(scene, { attacker: victim, victim: attacker })
  return own.length === 0 ? [theirs] : [[...own, ...theirs], theirs]
}
