import { type Finding, type Policy, quoteIdent, sortFindings, WardkeepError } from "@wardkeep/core"
import { type ColumnTypes, checkColumns } from "@wardkeep/permissions"
import type { Queryable } from "../database/queryable.js"
import { interpreted, withSettings } from "../database/with-settings.js"
import { requireMigrated } from "../migrate/require-migrated.js"
import { sqlDirectory } from "../migrate/sql-directory.js"
import { matrixRoles, vendorRoles } from "./actors.js"
import { aggregates } from "./aggregates.js"
import { type Catalog, readCatalog } from "./catalog.js"
import { columnSteps } from "./columns.js"
import {
  companionRelations,
  companionSteps,
  lookupTableSteps,
  partitionFences,
  releasedTables,
  releaseSteps,
  strangersOn,
} from "./companions.js"
import { confinement, narrowable } from "./confined.js"
import { consentWall, requireLedger, wallColumnSteps } from "./consent-wall.js"
import { crossings } from "./crossings.js"
import { currentStrategy } from "./current-strategy.js"
import { defaultFindings, readDefaults } from "./defaults.js"
import { definerGrantSteps } from "./definer-grants.js"
import { derivedFindings } from "./derived.js"
import { detachPendingFindings } from "./detach-pending.js"
import { changedIds, type Drifted, drifted, firstSeen } from "./drift.js"
import type { Callable, Extension } from "./extension.js"
import { fence, forceSteps } from "./fence.js"
import { functionGrantSteps } from "./function-grants.js"
import { givenAwayFindings, readGivenAway } from "./given-away.js"
import { differenceSteps, type Grants, grantSteps, ownRelations, readGrants } from "./grants.js"
import { indexFindings } from "./indexes.js"
import { keySteps } from "./keys.js"
import { locksOf } from "./locks.js"
import { lookupRefills, lookups } from "./lookups.js"
import { clonedMirrors, disturbedMirrors, mirrorSources, mirrors } from "./mirror.js"
import { narrowingFindings } from "./narrowings.js"
import { ownObjectSteps, ownSchemas, shippedFacts } from "./own-objects.js"
import { partitionReferenceFindings } from "./partition-references.js"
import { tablePrivileges } from "./privileges.js"
import { recordSteps } from "./record.js"
import { referenceFindings } from "./references.js"
import { type Remembering, rememberSql } from "./remember.js"
import { roleFindings } from "./role-findings.js"
import { columnTypesOf, referenceSteps } from "./rule-policies.js"
import { schemaGrantSteps } from "./schema-grants.js"
import { partitionsOf, resolveScopes, type ScopedTable } from "./scope.js"
import { countBranches, scopeStatistics } from "./statistics.js"
import { hashOf, type Managed, managedSteps, type Step } from "./step.js"
import { strangerFindings } from "./strangers.js"
import { tenancyKeys } from "./tenancy-keys.js"
import { type Judgement, judge, openFindings } from "./unsettled.js"
import { type RoleView, sameShapeView, viewGrantSteps, viewSchema } from "./views.js"
import { tablesUnderForce, withoutForce } from "./without-force.js"
import { wordRefills, wordTable } from "./words.js"

/** What would be done, in order, and what cannot be done by a step. Nothing is changed by making one. */
export interface Plan {
  readonly steps: readonly Step[]
  readonly findings: readonly Finding[]
  /** Changes when the steps do; `apply` refuses a plan whose hash no longer fits the database. */
  readonly hash: string
  /** Tables and views that the steps lock; `apply` takes these locks together, before the first step. */
  readonly locks: readonly string[]
  /** SQL around the steps: what they make, and what the plan found right, becomes the state that drift compares with. */
  readonly remember: Remembering
}

const phases: readonly Step["phase"][] = ["structure", "narrow", "support", "widen", "record"]

export interface PlanOptions {
  readonly client: Queryable
  readonly policy: Policy
  /** The same as were installed. */
  readonly extensions?: readonly Extension[]
  /** Facts of findings `drift-not-corrected` that are right as they are; `doctor` names them no more once it is applied. */
  readonly accept?: readonly string[]
}

/**
 * Compares the database with the policy file. Run as the owner (migrator login, SET ROLE owner). An empty plan means
 * that nothing is to be done.
 *
 * @throws WK001 the policy file asks for what a table cannot be given · WK002 unknown table, column or role, or an extension that
 *   is not installed · WK007 key type · WK008 scope column or key · WK253 figures that do not fit a table · WK009 `accept` names what is no fact · WK302 Wardkeep's own
 *   schema is of another version · WK303 host objects in the way
 * @example console.log(emit(await plan({ client, policy })))
 */
export async function plan(options: PlanOptions): Promise<Plan> {
  const { client, extensions = [] } = options
  requireLedger(options.policy, extensions)
  const own = { schema: "wardkeep", directory: sqlDirectory("migrations") }
  return await withSettings(client, interpreted, async () => {
    await requireMigrated(client, [own, ...extensions.map(({ migrations }) => migrations)])
    return await compare(options)
  })
}

async function compare({ client, policy, extensions = [], accept = [] }: PlanOptions): Promise<Plan> {
  const catalog = await readCatalog(client, policy)
  requireRoles(policy, catalog)
  const { scoped, findings: uncovered } = resolveScopes(policy, catalog)
  const types = columnTypesOf(scoped)
  checkColumns(policy, types)
  const drift = await drifted(client, policy)
  const changed = changedIds(drift)
  const strategy = await currentStrategy(client)
  const schemas = ownSchemas(extensions, strategy)
  const own = await ownRelations(client)
  const there = [...relationsOf(catalog), ...own]
  const givenAway = await readGivenAway(client)
  const draft: Draft = {
    steps: await ownObjectSteps(client, schemas, drift.differences),
    findings: [...uncovered, ...(await lookedAt(client, policy, catalog, scoped))],
    managed: [],
  }
  const defaults = await readDefaults(client)
  const relations = [...there, ...companionRelations(scoped.values()), ...givenAway.map(({ name }) => name)]
  const grants = await readGrants(client, relations, defaults)
  draft.findings.push(...(await strangerFindings(client, policy, scoped, grants)))
  draft.findings.push(...defaultFindings(scoped, defaults), ...givenAwayFindings(policy, givenAway, grants))
  // Tokens, narrowings and what else decides: reached through functions only. No policy stops a TRUNCATE.
  for (const relation of own) draft.steps.push(...differenceSteps(policy, relation, [], grants.of(relation), "lose"))
  const branches = await countBranches(client, scoped.get(policy.tenancy.branch))
  const roleViews: RoleView[] = []
  for (const entry of scoped.values()) {
    draft.managed.push(...scopeStatistics(entry, branches))
    roleViews.push(...draftTable(draft, { policy, entry, catalog, scoped, types, grants, changed }))
  }
  const rolesWithViews = new Set(roleViews.map(({ privileges }) => privileges.role))
  draft.managed.unshift(...[...rolesWithViews].sort().map(viewSchema))
  const { tenant, branch } = tenancyTables(policy, scoped)
  const { branchKey } = tenancyKeys(policy, catalog)
  const sources = mirrorSources(policy, tenant, branch, branchKey)
  const standing = { present: catalog.managed, changed }
  draft.managed.push(...mirrors(sources))
  for (const id of disturbedMirrors(sources, standing)) changed.add(id)
  draft.managed.push(...lookups(policy, scoped), ...acrossFunctions(policy, catalog, scoped, branchKey))
  draft.steps.push(...lookupRefills(policy, scoped, standing))
  for (const table of releasedTables(catalog, draft.managed))
    draft.steps.push(...releaseSteps(policy, table, grants.of(table.name)))
  const present = new Map([...catalog.managed].map(([id, hash]) => [id, changed.has(id) ? "" : hash]))
  draft.steps.push(
    ...managedSteps(draft.managed, present),
    ...(await functionGrantSteps(client, policy, schemas, strategy, callableIn(policy, extensions))),
  )
  draft.steps.push(
    ...lookupTableSteps(policy, catalog, draft.managed, grants),
    ...(await definerGrantSteps(client, policy, catalog, draft.managed, grants)),
    ...(await schemaGrantSteps(client, policy, draft.managed, grants)),
    ...viewGrantSteps(policy, roleViews, present, grants),
    ...(await recordSteps(client, policy, branchKey)),
  )
  const tables = [...scoped.values()].flatMap((entry) => [entry, ...partitionsOf(entry)])
  for (const extension of extensions) {
    const part = await extension.plan({ client, policy, tables, changed })
    draft.steps.push(...part.steps)
    draft.findings.push(...part.findings)
  }
  const corrections = withoutForce(inOrder(draft.steps), tablesUnderForce(catalog, scoped, draft.managed))
  const copies = clonedMirrors(sources, objectsOf(corrections))
  const judged = { made: new Set([...objectsOf(corrections), ...copies]), shipped: shippedFacts(schemas), accept }
  return await planOf({ client, policy }, draft.findings, corrections, judge(drift, judged), drift, there)
}

/** What referrals, moves and figures over clinics need in the host's schema. */
const acrossFunctions = (...given: Parameters<typeof crossings>): Managed[] => {
  const [policy, , scoped] = given
  return [...crossings(...given), ...aggregates(policy, scoped)]
}

const callableIn = (policy: Policy, extensions: readonly Extension[]): Callable[] =>
  extensions.flatMap((extension) => [...(extension.callable?.(policy) ?? [])])

/** Relations that are there, of the host and ours beside it. */
function relationsOf(catalog: Catalog): string[] {
  const views = [...catalog.managed.keys()].filter((id) => id.startsWith("view ")).map((id) => id.slice(5))
  const left = catalog.leftBehind.map((table) => table.name)
  return [...catalog.tables.keys(), ...left, ...views]
}

const inOrder = (steps: readonly Step[]): Step[] =>
  phases.flatMap((phase) => steps.filter((step) => step.phase === phase))

const objectsOf = (steps: readonly Step[]): string[] => steps.map(({ object }) => object)

async function planOf(
  { client, policy }: Pick<PlanOptions, "client" | "policy">,
  findings: readonly Finding[],
  corrections: readonly Step[],
  judgement: Judgement,
  drift: Drifted,
  relations: readonly string[],
): Promise<Plan> {
  const steps = [...corrections, ...judgement.accepted]
  return {
    steps,
    findings: sortFindings([...findings, ...openFindings(judgement.open)]),
    hash: hashOf(steps.map((step) => step.sql).join("\n;\n")),
    locks: locksOf(steps, relations),
    remember: rememberSql(policy, judgement, await firstSeen(client, drift)),
  }
}

/** What no step is about. */
async function lookedAt(
  client: Queryable,
  policy: Policy,
  catalog: Catalog,
  scoped: ReadonlyMap<string, ScopedTable>,
): Promise<Finding[]> {
  return [
    ...(await derivedFindings(client, policy, catalog, scoped)),
    ...(await roleFindings(client, policy)),
    ...(await narrowingFindings(client, policy)),
    ...detachPendingFindings(policy, scoped),
    ...(await partitionReferenceFindings(client, scoped)),
  ]
}

interface Draft {
  readonly steps: Step[]
  readonly findings: Finding[]
  readonly managed: Managed[]
}

interface TableInput {
  readonly policy: Policy
  readonly entry: ScopedTable
  readonly catalog: Catalog
  readonly scoped: ReadonlyMap<string, ScopedTable>
  readonly types: ColumnTypes
  readonly grants: Grants
  readonly changed: ReadonlySet<string>
}

/** Everything about one table of the policy file; returns the views of it that roles get. */
function draftTable({ steps, findings, managed }: Draft, input: TableInput): RoleView[] {
  const { policy, entry, catalog, scoped, types, grants, changed } = input
  const { privileges, findings: found } = tablePrivileges(policy, entry, catalog.serverVersion)
  const keys = keySteps(entry, scoped)
  findings.push(...found, ...keys.findings, ...referenceFindings(policy, entry, scoped), ...indexFindings(entry))
  steps.push(
    ...columnSteps(entry, scoped, changed),
    ...wallColumnSteps(policy, entry),
    ...keys.steps,
    ...forceSteps(entry),
    ...referenceSteps(policy, entry),
  )
  steps.push(...grantSteps(policy, entry.table.name, privileges, grants.of(entry.table.name), strangersOn(entry)))
  steps.push(...companionSteps(policy, entry, catalog, privileges, grants))
  managed.push(...fence(policy, entry, types), ...partitionFences(policy, entry))
  managed.push(...confinement(policy, entry), ...narrowable(policy, entry), ...consentWall(policy, entry))
  const partitions = partitionsOf(entry)
  managed.push(...wordTable(policy, entry, privileges, partitions))
  steps.push(...wordRefills(entry, partitions, { present: catalog.managed, changed }))
  const views = privileges.flatMap((p) => sameShapeView(entry, p).map((view) => ({ view, privileges: p })))
  managed.push(...views.map(({ view }) => view))
  return views
}

function tenancyTables(
  policy: Policy,
  scoped: ReadonlyMap<string, ScopedTable>,
): { readonly tenant: ScopedTable; readonly branch: ScopedTable } {
  const tenant = scoped.get(policy.tenancy.tenant)
  const branch = scoped.get(policy.tenancy.branch)
  if (tenant === undefined || branch === undefined) throw new WardkeepError("WK901")
  return { tenant, branch }
}

function requireRoles(policy: Policy, catalog: Catalog): void {
  const missing = [...matrixRoles(policy), ...vendorRoles(policy)].filter((role) => !catalog.roles.has(role))
  if (missing.length === 0) return
  throw new WardkeepError("WK002", {
    message: `roles that do not exist yet: ${missing.map(quoteIdent).join(", ")}`,
    hint: "Run `wardkeep migrate` with this policy file as the administrator, then apply.",
  })
}
