import { type Actor, type Policy, quoteIdent, roleNames } from "@wardkeep/core"
import type { Queryable } from "../database/queryable.js"
import { databaseRole, matrixRoles, vendorRoles } from "./actors.js"
import { waits } from "./consent-wall.js"
import { isReferralRole } from "./crossings.js"
import type { Strategy } from "./current-strategy.js"
import type { Callable } from "./extension.js"
import { leftOnFunction } from "./left-over.js"
import type { Step } from "./step.js"

/** What policies, defaults and hosts call under a matrix role. Each of them checks the verified context itself. */
const readers = [
  "refuse()",
  "refuse_session()",
  "branches()",
  "branches(text)",
  "tenant()",
  "tenant(text)",
  "held_branches(text)",
  "held(text)",
  "tenant_for(text,text[],integer,timestamp with time zone)",
  "group_branches(text,text)",
  "planned_as()",
  "refuse(text)",
  "branch()",
  "actor()",
  "role_name()",
  "purpose()",
  "session_id()",
  "mfa_at()",
  "request_id()",
  "taken()",
  "words(text)",
  "digit_word(text)",
  "prefix_end(text)",
]
/** What a policy file opts into; each checks the verified role itself. */
const assigning = [
  "grant_assignment(text,text,jsonb,text,timestamp with time zone,timestamp with time zone,text)",
  "revoke_assignments(text,uuid,text)",
  "list_assignments()",
  "narrow_role(text,text,text)",
  "lift_narrowing(text,text,text)",
]
const emergencies = [
  "declare_break_glass(text,text,text,text,integer)",
  "own_emergencies()",
  "open_reviews()",
  "review_break_glass(uuid,text,text)",
]
const referring = [
  "refer(text,text,text,text[],timestamp with time zone,text)",
  "withdraw_referral(uuid,text)",
  "list_referrals()",
]
const moving = ["move_patient(text,text,text,text)"]
const merging = ["merge_branches(text,text,text)"]
const supporting = ["allow_support(text,text,text,integer)", "list_support()", "end_support(uuid,text)"]
const agreeing = [
  "agree_to_aggregate(text)",
  "withdraw_from_aggregate(text,text)",
  "list_aggregate_agreements()",
  "list_aggregate_contributions()",
]
const loginOnly = ["strategy()", "refuse_session()"]
/** What the accelerated strategy brings: for the login, and for the matrix roles. */
const acceleratedLogin = ["enter(text,text)"]
const acceleratedReaders = ["branches_looked_up()", "is_owner(text)"]
const issuerOnly = [
  "issue_session(text,text,bytea)",
  "issue_service(text,text,bytea)",
  "reopen_session(text,text,bytea)",
  "open_break_glass(text,text,bytea)",
  "open_referral(text,text,bytea)",
  "declare_support(text,text,bytea)",
  "open_support(text,text,bytea)",
  "offboard(text,text,bytea)",
  "end_session(uuid,text)",
  "end_actor(text,text)",
  "list_sessions(text)",
  "list_tenants()",
  "release_aggregate(text,text,bytea)",
]

/**
 * EXECUTE and USAGE of the schema `wardkeep` and USAGE of the host's schemas, as differences to what is there. Functions of
 * extensions are for triggers and the owner, except those that an extension names for roles.
 */
export async function functionGrantSteps(
  client: Queryable,
  policy: Policy,
  schemas: readonly { readonly schema: string }[],
  strategy: Strategy,
  callable: readonly Callable[] = [],
): Promise<Step[]> {
  const names = roleNames(policy)
  const matrix = matrixRoles(policy)
  const vendors = vendorRoles(policy)
  const accelerated = strategy === "accelerated"
  const login = accelerated ? [...loginOnly, ...acceleratedLogin] : loginOnly
  const readable = accelerated ? [...readers, ...acceleratedReaders] : readers
  const wanted = [
    ...matrix.flatMap((role) => readable.map((f): [string, string] => [role, f])),
    ...policy.actors.flatMap((actor) =>
      chosen(policy, actor).map((f): [string, string] => [databaseRole(policy, actor), f]),
    ),
    ...login.map((f): [string, string] => [names.app, f]),
    ...issuerOnly.map((f): [string, string] => [names.issuer, f]),
    ...vendors.map((role): [string, string] => [role, "figures()"]),
  ].map(([grantee, f]): [string, string] => [grantee, `wardkeep.${f}`])
  wanted.push(...callable.map(({ role, function: f }): [string, string] => [role, f]))
  const { rows } = await client.query<{ grantee: string; function: string; grantable: boolean }>(
    // What somebody else gave ends with the giver's own, here by CASCADE.
    `select coalesce(r.rolname::text, 'PUBLIC') as grantee, a.is_grantable as grantable,
            quote_ident(n.nspname) || '.' || quote_ident(p.proname) || '(' || coalesce((select string_agg(format_type(u.t, null), ',' order by u.n) from unnest(p.proargtypes::oid[]) with ordinality u(t, n)), '') || ')' as function
       from pg_proc p join pg_namespace n on n.oid = p.pronamespace cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a left join pg_roles r on r.oid = a.grantee
      where n.nspname = any ($1) and a.grantee <> p.proowner and a.grantor = p.proowner`,
    [schemas.map(({ schema }) => schema)],
  )
  const key = (grantee: string, f: string): string => `${grantee} ${f}`
  const present = new Set(rows.map((row) => key(row.grantee, row.function)))
  const desired = new Set(wanted.map(([grantee, f]) => key(grantee, f)))
  const steps: Step[] = []
  for (const row of rows) {
    const isWanted = desired.has(key(row.grantee, row.function))
    if (isWanted && !row.grantable) continue
    const from = row.grantee === "PUBLIC" ? "public" : quoteIdent(row.grantee)
    const what = isWanted ? "grant option for execute" : "execute"
    steps.push({
      phase: "narrow",
      object: row.function,
      why: isWanted ? "holds it, and passes it on to nobody" : "not for this role",
      sql: `revoke ${what} on function ${row.function} from ${from}${row.grantable ? " cascade" : ""}`,
      left: leftOnFunction(row.function, row.grantee, isWanted ? "option" : "privilege"),
    })
  }
  const missing = new Map<string, string[]>()
  for (const [grantee, f] of wanted)
    if (!present.has(key(grantee, f))) missing.set(grantee, [...(missing.get(grantee) ?? []), f])
  for (const [grantee, functions] of missing) {
    steps.push({
      phase: "support",
      object: `wardkeep ${grantee}`,
      why: "functions the fence and the client call",
      sql: `grant execute on function ${functions.join(", ")} to ${quoteIdent(grantee)}`,
    })
  }
  const users = [
    ...[...matrix, names.app, names.issuer, ...vendors].map((role) => [role, "wardkeep"] as const),
    ...schemasOf(callable),
  ]
  return [...steps, ...(await usageSteps(client, policy, users, matrix))]
}

function schemasOf(callable: readonly Callable[]): (readonly [role: string, schema: string])[] {
  const pairs = callable.map(({ role, function: f }) => [role, f.slice(0, f.indexOf("."))] as const)
  return [...new Map(pairs.map((pair) => [pair.join(" "), pair])).values()]
}

function chosen(policy: Policy, actor: Actor): string[] {
  const { kind, confined } = actor
  const wall = policy.consent !== null && waits(policy, actor) ? ["consent_mask(text)"] : []
  if (kind === "service")
    return [...wall, ...(policy.aggregates?.service === actor.name ? ["contribute(text,date)"] : [])]
  const isNarrowable = [...policy.tables.values()].some((rule) => rule.narrowable !== undefined)
  return [
    ...wall,
    ...(isNarrowable || isReferralRole(policy, actor) ? ["permitted_tenant(text,text)"] : []),
    ...(confined ? ["subjects(text,boolean)"] : []),
    ...(policy.assignments === "required" && !confined ? assigning : []),
    ...(policy.breakGlass !== null && !confined ? emergencies : []),
    ...(confined ? [] : crossing(policy)),
    ...(policy.aggregates?.agreedBy.includes(actor.name) ? agreeing : []),
    ...(policy.support !== null && policy.support.role !== actor.name && !confined ? supporting : []),
  ]
}

function crossing({ crossings }: Policy): string[] {
  if (crossings === null) return []
  return [
    ...(crossings.referral === null ? [] : referring),
    ...(crossings.movedBy.length === 0 ? [] : moving),
    ...(crossings.mergedBy.length === 0 ? [] : merging),
  ]
}

/** Gives the new functions of the accelerated strategy to those who need them, as far as their roles are there. */
export async function grantAccelerated(client: Queryable, policy: Policy): Promise<void> {
  const { app } = roleNames(policy)
  const { rows } = await client.query<{ name: string }>(
    "select rolname::text as name from pg_roles where rolname = any ($1)",
    [[app, ...matrixRoles(policy)]],
  )
  for (const { name } of rows) {
    const functions = (name === app ? acceleratedLogin : acceleratedReaders).map((f) => `wardkeep.${f}`).join(", ")
    await client.query(`grant execute on function ${functions} to ${quoteIdent(name)}`)
  }
}

async function usageSteps(
  client: Queryable,
  policy: Policy,
  users: readonly (readonly [role: string, schema: string])[],
  hostUsers: readonly string[],
): Promise<Step[]> {
  const hostSchemas = [...new Set([...policy.tables.keys()].map((name) => name.slice(0, name.indexOf("."))))]
  const wanted = [...users, ...hostSchemas.flatMap((schema) => hostUsers.map((role) => [role, schema]))]
  const { rows } = await client.query<{ role: string; schema: string }>(
    `select w.role, w.schema from unnest($1::text[], $2::text[]) w(role, schema)
      where not has_schema_privilege(w.role, w.schema, 'USAGE')`,
    [wanted.map((pair) => pair[0]), wanted.map((pair) => pair[1])],
  )
  return rows.map(({ role, schema }) => ({
    phase: "support",
    object: `schema ${schema} ${role}`,
    why: "names in the schema can be resolved",
    sql: `grant usage on schema ${quoteIdent(schema)} to ${quoteIdent(role)}`,
  }))
}
