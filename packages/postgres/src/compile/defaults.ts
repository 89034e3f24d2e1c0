import { type Finding, quoteIdent } from "@wardkeep/core"
import type { Queryable } from "../database/queryable.js"
import { privilegeText } from "./grant-statements.js"
import { type Default, explode } from "./grants.js"
import type { ScopedTable } from "./scope.js"

const defaultsQuery = `
select distinct o.schema, o.kind, ${explode} from (
  select coalesce(n.nspname::text, '') as schema, d.defaclobjtype::text as kind, d.defaclacl as acl, null::text as column, d.defaclrole as owner
    from pg_default_acl d join pg_roles me on me.oid = d.defaclrole and me.rolname = current_user
    left join pg_namespace n on n.oid = d.defaclnamespace where d.defaclobjtype in ('r', 'f', 'n')
) o cross join lateral aclexplode(o.acl) x left join pg_roles r on r.oid = x.grantee where x.grantee <> o.owner
order by 1, 2, 3, 4`

/** `ALTER DEFAULT PRIVILEGES` of the owner. */
export async function readDefaults(client: Queryable): Promise<Default[]> {
  const { rows } = await client.query<Default>(defaultsQuery)
  return rows
}

/** A partition made between two applies has neither fence nor anybody who takes these away. */
export function defaultFindings(scoped: ReadonlyMap<string, ScopedTable>, defaults: readonly Default[]): Finding[] {
  const partitioned = [...scoped.values()].filter(({ table, level }) => table.kind === "p" && level !== "global")
  if (partitioned.length === 0) return []
  const byGrantee = new Map<string, Default[]>()
  for (const given of defaults) {
    if (given.kind !== "r" || given.exempt) continue
    const key = JSON.stringify([given.grantee, given.schema])
    byGrantee.set(key, [...(byGrantee.get(key) ?? []), given])
  }
  return [...byGrantee.values()].map((given) => {
    const { grantee = "", schema = "" } = given[0] ?? {}
    const who = grantee === "PUBLIC" ? "public" : quoteIdent(grantee)
    const where = schema === "" ? "" : ` in schema ${quoteIdent(schema)}`
    const what = privilegeText(given)
    return {
      check: "default-privileges",
      severity: "leak",
      object: `default privileges${where} ${grantee}`,
      message: `a new partition of ${partitioned.map(({ table }) => table.name).join(", ")} comes with ${what} for ${grantee}, and has no fence until the next apply`,
      fix: `As the owner: alter default privileges${where} revoke ${what} on tables from ${who}`,
    }
  })
}
