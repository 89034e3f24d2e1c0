import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { labelOf, quoted, type Relation } from "../catalog/relation.js"
import { belongsTo } from "../catalog/whose.js"
import type { Actor } from "../database/actor.js"
import { Connection } from "../database/connection.js"
import { holdsTenants } from "../probe/ground.js"
import type { Pair } from "../probe/pair.js"
import type { CheckInfo, Scene } from "../run/check.js"
import type { CheckRecord } from "../run/check-record.js"
import { openScene } from "../run/scene.js"
import { adminSettings, type Stage } from "./stage.js"
import { inDatabase, NoClone } from "./workshop.js"

export const info: CheckInfo = {
  code: "WKC303",
  title: "Statements without a WHERE, committed, change another tenant's rows",
  severity: "leak",
  cwe: "CWE-639",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:N/I:H/A:H",
}

/** Each statement is followed by a look at every watched table. */
const tableLimit = 25
/** Each takes a clone of its own: what the one before it destroyed cannot be destroyed again. */
const pairLimit = 4

/** A clone on which one tenant does what it can to another. */
interface Field {
  readonly admin: Connection
  readonly scene: Scene
}

interface Blow extends Pair {
  readonly relation: Relation
  readonly statement: string
}

/**
 * Deletes, truncates and hands over whole tables as one tenant and commits, so that cascades, deferred constraints and
 * triggers at commit act too; then compares what the other tenant has left, everywhere. In every direction: the branch
 * above another one may be shown its rows, and the one below must not destroy them.
 */
export async function damage(stage: Stage, record: CheckRecord): Promise<void> {
  const { pairs } = stage.scene
  if (pairs.length === 0) return record.inconclusive("no two tenants with different keys")
  if (pairs.length > pairLimit) {
    stage.notCovered.push(`Committed damage was tried by ${pairLimit} of ${pairs.length} pairs of tenants.`)
  }
  await strikeAll(stage, stage, record, 0)
  for (let pair = 1; pair < Math.min(pairs.length, pairLimit); pair++) {
    const kept = await onAnotherClone(stage, async (field) => await strikeAll(stage, field, record, pair))
    if (kept !== undefined) record.inconclusive(`not tried in every direction: ${kept}`)
  }
}

/** Why there is no other clone; what was found on the first one stands. */
async function onAnotherClone(stage: Stage, work: (field: Field) => Promise<void>): Promise<string | undefined> {
  const name = await stage.workshop.clone().catch((error: unknown) => {
    if (error instanceof NoClone) return error
    throw error
  })
  if (name instanceof NoClone) return name.message
  const [adminUrl, appUrl] = [inDatabase(stage.adminUrl, name), inDatabase(stage.appUrl, name)]
  const { target } = stage
  const opened = await openScene({ databaseUrl: adminUrl.href, appUrl: appUrl.href, target, mode: "probe" })
  const admin = await Connection.open(adminUrl)
  try {
    await admin.rows(adminSettings)
    await work({ admin, scene: opened.scene })
  } finally {
    await Promise.all([admin.close(), opened.close()])
    await stage.workshop.drop(name)
  }
  return undefined
}

async function strikeAll(stage: Stage, field: Field, record: CheckRecord, nth: number): Promise<void> {
  const pair = field.scene.pairs[nth]
  if (pair === undefined) return record.inconclusive("a second clone has other tenants than the first")
  const tables = field.scene.catalog.relations.filter(holdsTenants)
  const watched = tables.slice(0, tableLimit)
  if (nth === 0 && tables.length > watched.length) {
    stage.notCovered.push(`Committed damage was tried on ${watched.length} of ${tables.length} tables.`)
  }
  for (const relation of watched) {
    stage.step(labelOf(relation))
    for (const statement of statementsOn(relation, pair.victim)) {
      await strike(field, record, watched, { ...pair, relation, statement })
    }
  }
}

function statementsOn(relation: Relation, victim: Actor): string[] {
  const table = quoted(relation)
  const { tenancy } = relation
  const [key] = victim.keys
  const handOver =
    tenancy.by === "column" && tenancy.column.category !== "A" && key !== undefined
      ? [`update ${table} set ${quoteIdent(tenancy.column.name)} = ${quoteLiteral(key)}`]
      : []
  return [...handOver, `delete from ${table}`, `truncate ${table} cascade`]
}

async function strike(field: Field, record: CheckRecord, watched: readonly Relation[], blow: Blow): Promise<void> {
  const { attacker, victim, relation, statement } = blow
  const before = await holdings(field, watched, victim)
  if (before === undefined) {
    return record.inconclusive(
      "the administrator is not exempt from row security; give one that is, or nothing can be compared",
    )
  }
  const lines = ["set local statement_timeout = '30s'", ...attacker.contextStatements(), statement]
  const { error } = await attacker.connection.run(["begin", ...lines, "commit"].join(";\n"))
  if (error !== undefined) await attacker.connection.run("rollback")
  record.probe(labelOf(relation))
  // The attacker's own rows are what shows that the statement could do anything at all.
  if (error === undefined) record.control()
  const after = await holdings(field, watched, victim)
  const changed = [...before].filter(([label, state]) => after?.get(label) !== state).map(([label]) => label)
  if (changed.length === 0) return
  record.found({
    object: labelOf(relation),
    message: `Somebody at ${attacker.name} can destroy or change records of ${victim.name} in ${changed.length} tables with one statement.`,
    evidence: `after ${statement.split(" ")[0]} by tenant ${attacker.name} the rows of tenant ${victim.name} differ in ${changed.slice(0, 5).join(", ")}`,
    replay: `-- on a copy only; then compare the rows of tenant ${victim.name} in ${changed[0]}\n${attacker.replay(statement).replace(/rollback;$/, "commit;")}`,
    fix: `Compare the tenant with the context in USING and WITH CHECK of every policy of ${labelOf(relation)}; revoke TRUNCATE; let foreign keys include the tenant column.`,
  })
}

/** Number and fingerprint of what a tenant has in each table; undefined where the reader may not see everything. */
async function holdings(
  { admin }: Field,
  watched: readonly Relation[],
  owner: Actor,
): Promise<Map<string, string> | undefined> {
  const found = new Map<string, string>()
  for (const relation of watched) {
    const { rows, error } = await admin.run(
      `select count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) as state from ${quoted(relation)} as t where ${belongsTo(relation, "t", owner.keys)}`,
    )
    if (error !== undefined) return undefined
    found.set(labelOf(relation), String(rows[0]?.state))
  }
  return found
}
