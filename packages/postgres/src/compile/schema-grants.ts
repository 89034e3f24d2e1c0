import { type Policy, quoteIdent, roleNames } from "@wardkeep/core"
import type { Queryable } from "../database/queryable.js"
import { explode, type Grants, type Held, isOurs } from "./grants.js"
import { leftOnSchema } from "./left-over.js"
import type { Managed, Step } from "./step.js"

const schemasQuery = `
select o.schema, x.grantor = o.owner as given, ${explode} from (
  select nspname::text as schema, nspacl as acl, null::text as column, nspowner as owner from pg_namespace where nspname = any ($1)
) o cross join lateral aclexplode(coalesce(o.acl, acldefault('n', o.owner))) x left join pg_roles r on r.oid = x.grantee
order by o.schema, 3, 4`

type SchemaGrant = Held & { readonly schema: string; readonly given: boolean }

/**
 * Schemas of Wardkeep are for those who use them, and nobody creates there: a role's own schema comes first on its path.
 * Default privileges of the owner open them, as a grant does. That a role of the host finds names there harms nothing.
 */
export async function schemaGrantSteps(
  client: Queryable,
  policy: Policy,
  managed: readonly Managed[],
  grants: Grants,
): Promise<Step[]> {
  const { app, issuer, owner } = roleNames(policy)
  const users = (schema: string): string[] => (schema === "wardkeep_lookup" ? [app, issuer] : [schema])
  const made = managed.flatMap(({ id }) => (id.startsWith("schema ") ? [id.slice("schema ".length)] : []))
  const { rows } = await client.query<SchemaGrant>(schemasQuery, [
    [...made, "wardkeep", "wardkeep_audit", "wardkeep_consent"],
  ])
  const there = new Set(rows.map(({ schema }) => schema))
  const coming = made
    .filter((schema) => !there.has(schema))
    .flatMap((schema) => grants.ofNewSchema().map((grant) => ({ ...grant, schema, given: true })))
  const isUser = ({ schema, grantee, privilege }: SchemaGrant): boolean =>
    privilege === "USAGE" && (!made.includes(schema) || users(schema).includes(grantee) || !isOurs(policy, grantee))
  const given = [...rows, ...coming].filter((grant) => grant.given && grant.grantee !== owner)
  const missing = [...there]
    .filter((schema) => made.includes(schema))
    .flatMap((schema) => users(schema).map((role) => ({ schema, role })))
    .filter(({ schema, role }) => !given.some((g) => g.schema === schema && g.grantee === role && isUser(g)))
  return [
    ...given.flatMap((grant) => taken(grant, isUser(grant) || grant.exempt)),
    ...missing.map(({ schema, role }) => ({
      phase: "support" as const,
      object: `schema ${schema} ${role}`,
      why: "names in the schema can be resolved",
      sql: `grant usage on schema ${quoteIdent(schema)} to ${quoteIdent(role)}`,
    })),
  ]
}

/** Passed on, CREATE would put a function of the application before ours, and no policy stops that. */
function taken({ schema, grantee, privilege, grantable }: SchemaGrant, keeps: boolean): Step[] {
  if (keeps && !grantable) return []
  const what = `${keeps ? "grant option for " : ""}${privilege.toLowerCase()}`
  const from = grantee === "PUBLIC" ? "public" : quoteIdent(grantee)
  return [
    {
      phase: "narrow",
      object: `schema ${schema} ${grantee}`,
      why: keeps ? "holds it, and passes it on to nobody" : "not for this role",
      sql: `revoke ${what} on schema ${quoteIdent(schema)} from ${from}${grantable ? " cascade" : ""}`,
      left: leftOnSchema(schema, grantee, privilege, keeps ? "option" : "privilege"),
    },
  ]
}
