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

/**
 * Tenant and branches, both verified, each in a sub-select: evaluated once per statement, not per row. The tenant leads
 * indexes and raises before a row is met. The branch raises only where an index could ask it alone; elsewhere it answers
 * null behind the tenant, because a term that fails only when it meets a row tells that a row is there (docs/adr/0006).
 */
export function fenceTerms(entry: ScopedTable): { using: string; check: string } {
  const tenant = `${quoteIdent(entry.tenant?.column ?? "")} = (select wardkeep.tenant(wardkeep.planned_as())::${entry.tenant?.type ?? "text"})`
  if (entry.branch !== null) {
    const { column, type } = entry.branch
    const within = (call: string): string =>
      `${quoteIdent(column)} = any ((select wardkeep.${call}(wardkeep.planned_as())::${type}[])::${type}[])`
    const using = within(branchAskedAlone(entry) ? "branches" : "held_branches")
    return { using: `${tenant} and ${using}`, check: `${tenant} and ${within("branches")}` }
  }
  if (entry.link !== null) {
    const linked = `exists (select from ${qualified(entry.link.table)} l where l.${quoteIdent(entry.link.by)} = ${quoteIdent(entry.table.table)}.${quoteIdent(identityKey(entry))})`
    return { using: `${tenant} and ${linked}`, check: tenant }
  }
  return { using: tenant, check: tenant }
}

/** An index that holds the branch and not the tenant: with null for the branch its scan would end in silence. */
function branchAskedAlone({ table, tenant, branch }: ScopedTable): boolean {
  return table.indexes.some(
    (columns) => columns.includes(branch?.column ?? "") && !columns.includes(tenant?.column ?? ""),
  )
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
