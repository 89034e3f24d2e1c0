import { splitName } from "../identifier.js"
import { aggregatesOf, checkAggregates } from "./aggregates.js"
import { breakGlassOf, checkAssigning } from "./assigning.js"
import { monthsOf } from "./audit-log.js"
import { addCells, checkCells, type Known, qualifiedConditions } from "./cells.js"
import { combinationActors } from "./combine.js"
import { checkConsent, consentOf } from "./consent.js"
import { checkCrossings, crossingsOf } from "./crossings.js"
import { checkDetection, detectionOf } from "./detection.js"
import { durationSeconds } from "./duration.js"
import { describeIssue, invalid } from "./faults.js"
import type { Actor, Lookup, Permission, Policy } from "./policy.js"
import { type PolicyDocument, policySchema } from "./schema.js"
import { checkSupport, supportOf } from "./support.js"

/**
 * Checks an unknown document and resolves it.
 *
 * @throws WK001 with one line per fault: where, and what to write instead
 */
export function parsePolicy(input: unknown): Policy {
  const parsed = policySchema.safeParse(input)
  if (!parsed.success) throw invalid(parsed.error.issues.map(describeIssue))
  const doc = parsed.data
  const faults: string[] = []
  const qualify = (name: string): string => {
    const { schema, name: table } = splitName(name, doc.schema)
    return `${schema}.${table}`
  }
  const tables = new Map(Object.entries(doc.tables).map(([name, rule]) => [qualify(name), qualifyScope(rule, qualify)]))
  const tenancy = { ...doc.tenancy, tenant: qualify(doc.tenancy.tenant), branch: qualify(doc.tenancy.branch) }
  for (const implied of [tenancy.tenant, tenancy.branch]) {
    const rule = tables.get(implied)
    if (rule !== undefined && rule.scope !== "tenant")
      faults.push(`tables.${implied}.scope: write 'tenant' (it is implied)`)
    if (rule === undefined) tables.set(implied, { scope: "tenant" })
  }
  checkTables(tables, faults)
  const conditions = qualifiedConditions(doc, { tables, qualify, faults })
  const known = { tables, purposes: new Set(Object.keys(doc.purposes)), conditions, qualify, faults }
  const roles = roleActors(doc, known)
  const actors = [...roles, ...combinationActors(doc, roles, known), ...serviceActors(doc, known)]
  checkAssigning(doc, actors, tables, faults)
  const crossings = crossingsOf(doc.crossings, qualify)
  checkCrossings(crossings, doc.breakGlass, actors, tables, faults)
  if (doc.support !== undefined) checkSupport(doc.support, doc, actors, tables, faults)
  const aggregates = aggregatesOf(doc.aggregates, qualify)
  checkAggregates(aggregates, doc, actors, tables, faults)
  const consent = consentOf(doc.consent, qualify)
  checkConsent(doc, consent, actors, tables, faults)
  const purposes = new Map(Object.entries(doc.purposes))
  const breakGlass = breakGlassOf(doc.breakGlass)
  const detection = detectionOf(doc.detection, qualify)
  const { assignments } = doc
  checkDetection(detection, { actors, tables, purposes, breakGlass, crossings, tenancy, assignments }, faults)
  const lookups = Object.entries(doc.lookups).map(([name, lookup]): Lookup => {
    const table = qualify(lookup.table)
    if (!tables.has(table)) faults.push(`lookups.${name}.table: ${lookup.table} is not under tables`)
    return { name, table, by: lookup.by, returns: lookup.returns }
  })
  if (faults.length > 0) throw invalid(faults)
  return {
    deployment: doc.deployment,
    schema: doc.schema,
    tenancy,
    rest: doc.rest,
    tables,
    purposes,
    conditions,
    actors,
    lookups,
    assignments,
    exclusive: doc.exclusive,
    breakGlass,
    crossings,
    support: supportOf(doc.support),
    aggregates,
    consent,
    detection,
    auditLog: { keepMonths: monthsOf(doc.auditLog.keep) },
  }
}

function qualifyScope(
  rule: PolicyDocument["tables"][string],
  qualify: (name: string) => string,
): PolicyDocument["tables"][string] {
  const { scope } = rule
  if (typeof scope === "string") return rule
  if ("through" in scope) return { ...rule, scope: { through: qualify(scope.through), by: scope.by } }
  return { ...rule, scope: { shared: qualify(scope.shared), by: scope.by } }
}

function checkTables(tables: Policy["tables"], faults: string[]): void {
  for (const [name, rule] of tables) {
    if (typeof rule.scope === "string") continue
    const parent = "through" in rule.scope ? rule.scope.through : rule.scope.shared
    const scope = tables.get(parent)?.scope
    if (scope === undefined) faults.push(`tables.${name}.scope: ${parent} is not under tables`)
    else if ("shared" in rule.scope && scope !== "branch") {
      faults.push(`tables.${name}.scope: the link table ${parent} must have scope 'branch'`)
    } else if ("through" in rule.scope && (scope === "unmanaged" || scope === "global")) {
      faults.push(`tables.${name}.scope: ${parent} has no scope to pass on; name a tenant or branch table`)
    } else if ("through" in rule.scope && typeof scope === "object" && "shared" in scope) {
      // Which branches see an identity is decided row by row; there is no column of it to carry.
      faults.push(
        `tables.${name}.scope: ${parent} is a shared identity, of which each branch sees other rows; write scope 'branch', or 'tenant' if every branch may see it`,
      )
    }
    if (throughCycle(tables, name)) faults.push(`tables.${name}.scope: 'through' leads back to ${name}`)
  }
}

function throughCycle(tables: Policy["tables"], start: string): boolean {
  let current: string | undefined = start
  for (let steps = 0; current !== undefined; steps++) {
    const scope: PolicyDocument["tables"][string]["scope"] | undefined = tables.get(current)?.scope
    current = typeof scope === "object" && "through" in scope ? scope.through : undefined
    if (current === start || steps > tables.size) return true
  }
  return false
}

function roleActors(doc: PolicyDocument, known: Known): Actor[] {
  return Object.keys(doc.roles).map((name) => {
    const chain = inheritance(doc, name, known.faults)
    const can = new Map<string, Permission>()
    let purposes: readonly string[] = []
    let mfa: string | undefined
    let mustExpire = false
    let mayGrant: readonly string[] = []
    let confined = false
    for (const ancestor of chain) {
      const role = doc.roles[ancestor]
      if (role === undefined) continue
      purposes = role.purposes ?? purposes
      mfa = role.mfa ?? mfa
      mustExpire = role.mustExpire ?? mustExpire
      mayGrant = role.mayGrant ?? mayGrant
      confined = role.confined ?? confined
      addCells(can, role.can ?? {}, `roles.${ancestor}`, known)
    }
    checkPurposes(purposes, `roles.${name}`, known)
    if (purposes.length === 0) known.faults.push(`roles.${name}.purposes: name at least one purpose`)
    checkCells(can, purposes, `roles.${name}`, known)
    const mfaSeconds = mfa === undefined ? null : durationSeconds(mfa)
    return {
      kind: "role",
      name,
      purposes,
      mfaSeconds,
      mustExpire,
      mayGrant,
      confined,
      combines: [],
      countsAs: chain,
      can,
    }
  })
}

function serviceActors(doc: PolicyDocument, known: Known): Actor[] {
  return Object.entries(doc.services).map(([name, service]) => {
    const can = new Map<string, Permission>()
    addCells(can, service.can, `services.${name}`, known)
    checkPurposes(service.purposes, `services.${name}`, known)
    checkCells(can, service.purposes, `services.${name}`, known)
    const { purposes } = service
    const nothing = { mfaSeconds: null, mayGrant: [], confined: false, combines: [], countsAs: [] }
    return { kind: "service", name, purposes, mustExpire: true, ...nothing, can }
  })
}

/** From the root ancestor to the role itself, so that the nearer cell wins. */
function inheritance(doc: PolicyDocument, name: string, faults: string[]): string[] {
  const chain: string[] = []
  for (let current: string | undefined = name; current !== undefined; current = doc.roles[current]?.extends) {
    if (chain.includes(current)) {
      faults.push(`roles.${name}.extends: goes round in a circle (${[...chain, current].join(" → ")})`)
      break
    }
    if (doc.roles[current] === undefined) faults.push(`roles.${name}.extends: ${current} is not under roles`)
    chain.push(current)
  }
  return chain.reverse()
}

function checkPurposes(purposes: readonly string[], where: string, known: Known): void {
  for (const purpose of purposes) {
    if (!known.purposes.has(purpose)) known.faults.push(`${where}.purposes: ${purpose} is not under purposes`)
  }
}
