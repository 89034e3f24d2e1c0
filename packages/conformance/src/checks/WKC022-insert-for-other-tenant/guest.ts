import { quoteLiteral } from "@wardkeep/core"
import type { Ground } from "../../probe/ground.js"
import { names } from "../../probe/policy-parts.js"
import type { Offered } from "./ways.js"

/**
 * Where a policy lets whoever stands in another column write too, such as the guest of a delegation: the other tenant's row
 * with the attacker's key there.
 */
export async function guestIn(ground: Ground, foreign: Offered["set"]): Promise<Offered["set"][]> {
  const { scene, relation, attacker, rights } = ground
  const { tenancy } = relation
  const [key] = attacker.keys
  if (tenancy.by !== "column" || key === undefined) return []
  const { base, category } = tenancy.column
  const { rows } = await scene.facts.ask(
    "select string_agg(pg_catalog.pg_get_expr(coalesce(polwithcheck, polqual), polrelid), ' ') as said from pg_catalog.pg_policy where polrelid = $1::oid and polcmd in ('*', 'a')",
    [relation.oid],
  )
  const said = String(rows[0]?.said ?? "")
  return relation.columns
    .filter((column) => column.base === base && column.category === category && names(said, column.name))
    .filter(({ name, generated, identity }) => rights.insert.includes(name) && !generated && identity === "")
    .filter(({ name }) => name !== tenancy.column.name)
    .slice(0, 4)
    .map(({ name }) => ({ ...foreign, [name]: `${quoteLiteral(category === "A" ? `{${key}}` : key)}::${base}` }))
}
