import { type Policy, quoteIdent, roleNames } from "@wardkeep/core"
import { databaseRole } from "./actors.js"
import type { ScopedTable } from "./scope.js"
import { type Managed, qualified, type Step } from "./step.js"

/** What each table must have: ENABLE, FORCE, one restrictive fence for everybody, and permissions per command. */
export function fence(policy: Policy, entry: ScopedTable): Managed[] {
  if (entry.level === "global") return []
  const { owner } = roleNames(policy)
  const policies = [restrictive(entry), ownerPermission(entry, owner)]
  for (const [command, cell] of [
    ["select", "read"],
    ["insert", "create"],
    ["update", "update"],
    ["delete", "delete"],
  ] as const) {
    const roles = policy.actors
      .filter((actor) => {
        const permission = actor.can.get(entry.table.name)?.[cell]
        return permission !== undefined && permission !== false
      })
      .map((actor) => databaseRole(policy, actor))
    if (roles.length > 0) policies.push(permissive(entry, command, roles))
  }
  return policies
}

/** ENABLE and FORCE are flags of the table, not objects. */
export function forceSteps(entry: ScopedTable): Step[] {
  if (entry.level === "global" || (entry.table.rls && entry.table.forced)) return []
  return [
    {
      phase: "narrow",
      object: entry.table.name,
      why: "row-level security holds for everybody, the owner too",
      sql: `alter table ${qualified(entry.table.name)} enable row level security, force row level security`,
    },
  ]
}

/** Text that a cast to the key's type accepts; a cast that fails on a row would tell that the row is there. */
const castable: Readonly<Record<string, string>> = {
  uuid: "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
  bigint: "^-?[0-9]{1,18}$",
  integer: "^-?[0-9]{1,9}$",
}

/**
 * Reading: a gate that raises without a valid context, evaluated once and before any row; the tenant the client claims,
 * which can only narrow and lets (tenant, …) indexes work; and one verified term that never raises. Writing: both
 * verified. Sub-selects make InitPlans, so nothing is evaluated per row.
 */
export function fenceTerms(entry: ScopedTable): { using: string; check: string } {
  const tenantColumn = quoteIdent(entry.tenant?.column ?? "")
  const tenantType = entry.tenant?.type ?? "text"
  const tenant = (call: string): string => `${tenantColumn} = (select wardkeep.${call}::${tenantType})`
  const verified = tenant("tenant(wardkeep.planned_as())")
  if (entry.branch !== null) {
    const { type } = entry.branch
    const within = (call: string): string =>
      `${quoteIdent(entry.branch?.column ?? "")} = any ((select wardkeep.${call}(wardkeep.planned_as())::${type}[])::${type}[])`
    const hint =
      castable[tenantType] === undefined
        ? tenant("tenant_hint()")
        : `${tenantColumn} = (select case when wardkeep.tenant_hint() ~ '${castable[tenantType]}' then wardkeep.tenant_hint()::${tenantType} end)`
    return {
      using: `${gate("branches")} and ${hint} and ${within("held_branches")}`,
      check: `${verified} and ${within("branches")}`,
    }
  }
  const held = `${gate("tenant")} and ${tenant("held_tenant(wardkeep.planned_as())")}`
  if (entry.link !== null) {
    const linked = `exists (select from ${qualified(entry.link.table)} l where l.${quoteIdent(entry.link.by)} = ${quoteIdent(entry.table.table)}.${quoteIdent(identityKey(entry))})`
    return { using: `${held} and ${linked}`, check: verified }
  }
  return { using: held, check: verified }
}

/** No column in it: PostgreSQL makes it a one-time filter above the scan. */
function gate(call: "branches" | "tenant"): string {
  return `(select wardkeep.${call}(wardkeep.planned_as()) is not null)`
}

/** The column of a shared identity that its link table refers to: its key without the tenant. */
export function identityKey(entry: ScopedTable): string {
  return entry.key.find((column) => column !== entry.tenant?.column) ?? "id"
}

function restrictive(entry: ScopedTable): Managed {
  const { using, check } = fenceTerms(entry)
  // TO PUBLIC: a fence for named roles is lost when a restore misses one of them, and DROP OWNED could remove it.
  return policyObject(
    entry,
    "wk_fence",
    "narrow",
    "the fence",
    `as restrictive for all to public\n  using (${using})\n  with check (${check})`,
  )
}

function ownerPermission(entry: ScopedTable, owner: string): Managed {
  return policyObject(
    entry,
    "wk_owner",
    "support",
    "the owner works under the same fence",
    `for all to ${quoteIdent(owner)} using (true) with check (true)`,
  )
}

function permissive(
  entry: ScopedTable,
  command: "select" | "insert" | "update" | "delete",
  roles: readonly string[],
): Managed {
  const clause =
    command === "insert"
      ? "with check (true)"
      : command === "update"
        ? "using (true) with check (true)"
        : "using (true)"
  const to = roles.map(quoteIdent).join(", ")
  return policyObject(entry, `wk_${command}`, "widen", `roles that may ${command}`, `for ${command} to ${to} ${clause}`)
}

/** The fence of a table that belongs to another one, such as its word table. */
export function fencePolicies(entry: ScopedTable, table: string, owner: string, readers: readonly string[]): Managed[] {
  const companion: ScopedTable = { ...entry, table: { ...entry.table, name: table } }
  const policies = [restrictive(companion), ownerPermission(companion, owner)]
  return readers.length === 0 ? policies : [...policies, permissive(companion, "select", readers)]
}

function policyObject(entry: ScopedTable, name: string, phase: Step["phase"], why: string, body: string): Managed {
  const target = qualified(entry.table.name)
  return {
    id: `policy ${entry.table.name} ${name}`,
    phase,
    why,
    create: `create policy ${name} on ${target} ${body}`,
    drop: `drop policy if exists ${name} on ${target}`,
    commentOn: `policy ${name} on ${target}`,
  }
}
