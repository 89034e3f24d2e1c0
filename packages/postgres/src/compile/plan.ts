import { type Finding, type Policy, quoteIdent, sortFindings, WardkeepError } from "@wardkeep/core"
import { matrixRoles } from "../install/roles.js"
import type { Queryable } from "../maintenance/queryable.js"
import { type Catalog, readCatalog } from "./catalog.js"
import { columnSteps } from "./columns.js"
import { tampered } from "./drift.js"
import { fence, forceSteps } from "./fence.js"
import { functionGrantSteps } from "./function-grants.js"
import { grantSteps, readGrants } from "./grants.js"
import { indexFindings, keySteps } from "./keys.js"
import { lookups } from "./lookups.js"
import { mirrors } from "./mirror.js"
import { tablePrivileges } from "./privileges.js"
import { actorRecordSteps } from "./record.js"
import { branchKeyColumn, resolveScopes, type ScopedTable } from "./scope.js"
import { scopeStatistics } from "./statistics.js"
import { hashOf, type Managed, managedSteps, qualified, type Step } from "./step.js"
import { sameShapeView, viewSchema } from "./views.js"
import { wordTable } from "./words.js"

/** What would be done, in order, and what cannot be done by a step. Nothing is changed by making one. */
export interface Plan {
  readonly steps: readonly Step[]
  readonly findings: readonly Finding[]
  /** Changes when the steps do; `apply` refuses a plan whose hash no longer fits the database. */
  readonly hash: string
}

const phases: readonly Step["phase"][] = ["structure", "narrow", "support", "widen", "record"]

/**
 * Compares the database with the policy file. Run as the owner (migrator login, SET ROLE owner). An empty plan means
 * that nothing is to be done.
 *
 * @throws WK002 unknown table, column or role · WK007 key type · WK008 scope column · WK303 host objects in the way
 * @example console.log(emit(await plan({ client, policy })))
 */
export async function plan({ client, policy }: { client: Queryable; policy: Policy }): Promise<Plan> {
  const catalog = await readCatalog(client, policy)
  requireRoles(policy, catalog)
  const { scoped, findings: uncovered } = resolveScopes(policy, catalog)
  const findings: Finding[] = [...uncovered]
  const steps: Step[] = []
  const managed: Managed[] = []
  const grants = await readGrants(client, [...scoped.keys()])
  const rolesWithViews = new Set<string>()
  for (const entry of scoped.values()) {
    const { privileges, findings: found } = tablePrivileges(policy, entry, catalog.serverVersion)
    const keys = keySteps(entry, scoped)
    findings.push(...found, ...keys.findings, ...indexFindings(entry))
    steps.push(...columnSteps(entry, scoped), ...keys.steps, ...forceSteps(entry))
    managed.push(...fence(policy, entry), ...wordTable(policy, entry, privileges), ...scopeStatistics(entry))
    steps.push(...grantSteps(policy, entry.table.name, privileges, grants.get(entry.table.name) ?? []))
    for (const p of privileges) {
      const view = sameShapeView(entry, p)
      if (view.length > 0) rolesWithViews.add(p.role)
      managed.push(...view)
    }
  }
  managed.unshift(...[...rolesWithViews].sort().map(viewSchema))
  managed.push(...tenancyMirrors(policy, catalog, scoped), ...lookups(policy, scoped))
  const changed = await tampered(client, policy)
  const present = new Map([...catalog.managed].map(([id, hash]) => [id, changed.has(id) ? "" : hash]))
  steps.push(...managedSteps(managed, present), ...(await functionGrantSteps(client, policy)))
  steps.push(...(await actorRecordSteps(client, policy)))
  const ordered = withoutForce(
    phases.flatMap((phase) => steps.filter((step) => step.phase === phase)),
    scoped,
  )
  return {
    steps: ordered,
    findings: sortFindings(findings),
    hash: hashOf(ordered.map((step) => step.sql).join("\n;\n")),
  }
}

function tenancyMirrors(policy: Policy, catalog: Catalog, scoped: ReadonlyMap<string, ScopedTable>): Managed[] {
  const tenant = scoped.get(policy.tenancy.tenant)
  const branch = scoped.get(policy.tenancy.branch)
  if (tenant === undefined || branch === undefined) throw new WardkeepError("WK901")
  return mirrors(policy, tenant, branch, branchKeyColumn(policy, catalog))
}

/**
 * Structure steps read rows (a backfill, a foreign key, the words of existing rows). Under FORCE the owner sees none
 * without a context, so the tables are not forced for the length of this transaction, which holds their locks.
 */
function withoutForce(steps: readonly Step[], scoped: ReadonlyMap<string, ScopedTable>): Step[] {
  if (!steps.some((step) => step.phase === "structure")) return [...steps]
  const forced = [...scoped.values()].filter((entry) => entry.level !== "global" && entry.table.forced)
  const toggle = (entry: ScopedTable, verb: "no force" | "force", phase: Step["phase"]): Step => ({
    phase,
    object: entry.table.name,
    why: verb === "force" ? "the fence holds for the owner again" : "the owner reads every row while structure changes",
    sql: `alter table ${qualified(entry.table.name)} ${verb} row level security`,
  })
  return [
    ...forced.map((entry) => toggle(entry, "no force", "structure")),
    ...steps,
    ...forced.map((entry) => toggle(entry, "force", "record")),
  ]
}

function requireRoles(policy: Policy, catalog: Catalog): void {
  const missing = matrixRoles(policy).filter((role) => !catalog.roles.has(role))
  if (missing.length === 0) return
  throw new WardkeepError("WK002", {
    message: `roles that do not exist yet: ${missing.map(quoteIdent).join(", ")}`,
    hint: "Run `wardkeep migrate` with this policy file as the administrator, then apply.",
  })
}
