import { isTable, labelOf, quoted, type Relation } from "../catalog/relation.js"
import type { KillRate, Report } from "../report/report.js"
import type { Scene } from "../run/check.js"
import type { CheckRecord } from "../run/check-record.js"
import { grew, reachOf } from "./effect.js"
import { type Mutation, mutationsOf, type Protected } from "./mutations.js"
import { readHelpers, readPolicies, readProtections } from "./policies.js"
import type { Stage } from "./stage.js"

/** Tables that are broken, the smallest first: each mutation costs one run of the whole suite. */
const tableLimit = 3
/** From so many tables of tenants on, each run looks at the broken table and what holds it only. */
const wholeLimit = 20

/** Breaks the target's own protections on the clone, one at a time, and asks the suite each time. */
export async function measureKillRate(stage: Stage, record: CheckRecord): Promise<KillRate> {
  const { scene, target } = stage
  const known: Protected = {
    catalog: scene.catalog,
    target,
    policies: await readPolicies(stage.admin, target.schemas),
    helpers: await readHelpers(stage.admin),
    granted: await grantsOf(scene),
    appRoles: [...new Set(scene.actors.map(({ tenant, login }) => tenant.connect.role ?? login))],
  }
  const tables = await breakable(scene, known)
  if (tables.length === 0) record.notApplicable("no table with row security holds rows of two tenants")
  const result = { mutations: 0, killed: 0, withoutEffect: 0, survivors: [] as string[] }
  for (const relation of tables.slice(0, tableLimit)) {
    const narrow = tables.length > wholeLimit ? narrowed(stage, relation) : stage.target
    const before = narrow === stage.target ? stage.base : await stage.verify(narrow)
    for (const mutation of mutationsOf(relation, known)) {
      stage.step(`${labelOf(mutation.relation)}: ${mutation.what}`)
      const outcome = await tryOut(stage, mutation, async () => killersOf(before, await stage.verify(narrow)))
      if (outcome.startsWith("refused")) {
        stage.notCovered.push(
          `Not broken on the clone, because the server ${outcome}: ${mutation.kind} in ${labelOf(relation)}.`,
        )
        continue
      }
      result.mutations += 1
      record.probe(labelOf(mutation.relation))
      if (outcome === "killed") record.control()
      if (outcome === "killed") result.killed += 1
      else if (outcome === "without effect") result.withoutEffect += 1
      else result.survivors.push(`${labelOf(mutation.relation)}: ${mutation.what}`)
    }
  }
  if (result.survivors.length > 0) {
    record.inconclusive(`the suite did not notice ${result.survivors.length} of ${result.mutations} broken protections`)
  }
  const left = tables.length - tableLimit
  if (left > 0)
    stage.notCovered.push(`Protections were broken on ${tableLimit} tables; ${left} more were left as they are.`)
  return result
}

async function tryOut(
  stage: Stage,
  mutation: Mutation,
  killers: () => Promise<readonly string[]>,
): Promise<"killed" | "survived" | "without effect" | `refused it (${string})`> {
  const { scene, admin, target } = stage
  const shows = mutation.shows ?? quoted(mutation.relation)
  const unbroken = await readProtections(admin, target.schemas)
  const before = await reachOf(scene, mutation.relation, shows)
  const { error } = await admin.run(["begin", ...mutation.apply, "commit"].join(";\n"))
  if (error !== undefined) {
    await admin.run("rollback")
    return `refused it (${error.code})`
  }
  try {
    if ((await killers()).length > 0) return "killed"
    if (mutation.always) return "survived"
    return grew(before, await reachOf(scene, mutation.relation, shows)) ? "survived" : "without effect"
  } finally {
    await admin.rows(["begin", ...mutation.undo, "commit"].join(";\n"))
    const mended = await readProtections(admin, target.schemas)
    if (JSON.stringify(mended) !== JSON.stringify(unbroken)) stage.spoil(`${mutation.what} could not be mended`)
  }
}

/** What any tenant was granted. */
async function grantsOf(scene: Scene): Promise<Protected["granted"]> {
  const held = new Map<string, { select: string[]; truncate: boolean }>()
  for (const { oid } of scene.catalog.relations) held.set(oid, { select: [], truncate: false })
  for (const actor of scene.actors) {
    for (const relation of scene.catalog.relations) {
      const { select, truncate } = await scene.rights.of(actor, relation)
      const known = held.get(relation.oid)
      held.set(relation.oid, {
        select: [...(known?.select ?? []), ...select],
        truncate: truncate || known?.truncate === true,
      })
    }
  }
  return ({ oid }) => held.get(oid) ?? { select: [], truncate: false }
}

/** Findings that were not there before: another object, or a worse severity on the same one. */
function killersOf(before: Report, after: Report): string[] {
  const known = new Set(before.findings.map(nameOf))
  return after.findings
    .filter(({ verdict }) => verdict === "LEAK")
    .map(nameOf)
    .filter((name) => !known.has(name))
}

const nameOf = ({ check, object, severity, verdict }: Report["findings"][number]): string =>
  [check, object, severity, verdict].join(" ")

/** Tables with policies in force and rows of at least two tenants, fewest rows first. */
async function breakable({ catalog, actors, facts }: Scene, { policies }: Protected): Promise<Relation[]> {
  const found: { relation: Relation; rows: number }[] = []
  for (const relation of catalog.relations) {
    const guarded = relation.rls && policies.some((policy) => policy.relation === relation.oid)
    if (!isTable(relation) || relation.tenancy.by !== "column" || !guarded) continue
    const counts: number[] = []
    for (const actor of actors) counts.push((await facts.owned(relation, actor)).count)
    if (counts.filter((count) => count > 0).length >= 2) {
      found.push({ relation, rows: counts.reduce((sum, count) => sum + count, 0) })
    }
  }
  return found.sort((a, b) => a.rows - b.rows).map(({ relation }) => relation)
}

/** The same target with every table declared global that neither is the broken one nor stands above it. */
function narrowed({ scene, target }: Stage, relation: Relation): Stage["target"] {
  const keep = new Set<Relation | undefined>([relation])
  for (const one of keep) {
    for (const { parent } of one?.keys ?? []) if (parent !== null) keep.add(scene.catalog.byOid(parent))
  }
  const others = scene.catalog.relations.filter((one) => !keep.has(one)).map(labelOf)
  return { ...target, global: [...target.global, ...others] }
}
