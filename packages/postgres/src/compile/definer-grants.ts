import { type Policy, quoteIdent, roleNames } from "@wardkeep/core"
import type { Queryable } from "../database/queryable.js"
import type { Catalog } from "./catalog.js"
import type { Grants } from "./grants.js"
import { leftOnFunction } from "./left-over.js"
import type { Managed, Step } from "./step.js"

interface Executor {
  /** `schema.function` */
  readonly name: string
  /** As REVOKE takes it. */
  readonly signature: string
  readonly grantee: string
  readonly grantable: boolean
}

const executorsQuery = `
select distinct n.nspname || '.' || p.proname as name,
  format('%I.%I(%s)', n.nspname, p.proname, oidvectortypes(p.proargtypes)) as signature, coalesce(r.rolname::text, 'PUBLIC') as grantee, a.is_grantable as grantable
from pg_description d join pg_proc p on p.oid = d.objoid and d.classoid = 'pg_proc'::regclass join pg_namespace n on n.oid = p.pronamespace and n.nspname <> 'wardkeep'
cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a left join pg_roles r on r.oid = a.grantee
where d.description like 'wardkeep:%' and a.grantee <> p.proowner and a.grantor = p.proowner order by 1, 3`

/**
 * The functions that a plan makes outside of the schema `wardkeep` run with the owner's rights: look-ups are for two logins,
 * triggers for nobody. CREATE OR REPLACE leaves what somebody granted, and a new one has the owner's default privileges.
 */
export async function definerGrantSteps(
  client: Queryable,
  policy: Policy,
  catalog: Catalog,
  managed: readonly Managed[],
  grants: Grants,
): Promise<Step[]> {
  const { app, issuer } = roleNames(policy)
  const lookups = new Set(policy.lookups.map(({ name }) => `wardkeep_lookup.${name}`))
  const isMeant = (name: string, grantee: string): boolean => lookups.has(name) && [app, issuer].includes(grantee)
  const { rows } = await client.query<Executor>(executorsQuery)
  const wanted = new Map(managed.flatMap((o) => (o.id.startsWith("function ") ? [[o.id.slice(9), o] as const] : [])))
  const present = rows.filter(({ name }) => wanted.has(name)).map((row) => ({ ...row, phase: "narrow" as const }))
  const made = [...wanted].filter(([name]) => !catalog.managed.has(`function ${name}`))
  const coming = made.flatMap(([name, { commentOn }]) =>
    grants.ofNewFunction(name).map(({ grantee, grantable }) => ({
      name,
      signature: commentOn.replace(/^function /, ""),
      grantee,
      grantable,
      phase: "support" as const,
    })),
  )
  return [...present, ...coming]
    .map((row) => ({ ...row, meant: isMeant(row.name, row.grantee) }))
    .filter(({ meant, grantable }) => !meant || grantable)
    .map(({ name, signature, grantee, phase, meant }) => ({
      phase,
      object: `${name} ${grantee}`,
      why: meant ? "holds it, and passes it on to nobody" : "not for this role",
      sql: `revoke ${meant ? "grant option for " : ""}execute on function ${signature} from ${grantee === "PUBLIC" ? "public" : quoteIdent(grantee)} cascade`,
      left: leftOnFunction(signature, grantee, meant ? "option" : "privilege"),
    }))
}
