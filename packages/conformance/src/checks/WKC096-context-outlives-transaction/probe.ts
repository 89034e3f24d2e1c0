import { labelOf, quoted, type Relation } from "../../catalog/relation.js"
import type { Actor } from "../../database/actor.js"
import type { Connection } from "../../database/connection.js"
import { rolledBack } from "../../database/transaction.js"
import { roleStatements } from "../../probe/context-state.js"
import { holdsTenants } from "../../probe/ground.js"
import { leavesRows } from "../../probe/leaves-rows.js"
import { type Reached, reached } from "../../probe/reach.js"
import { seesOwn } from "../../probe/sees-own.js"
import { defineProbe, type Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"
import { throughPooler } from "./one-message.js"

export const probe = defineProbe({
  code: "WKC096",
  title: "A tenant's context outlives its transaction, and the next one on the connection is in it",
  severity: "leak",
  cwe: "CWE-488",
  cvss: "CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:U/C:H/I:H/A:N",
  run: async (scene, record) => {
    const told = scene.actors.filter(({ tenant: { connect }, keys }) => {
      return keys.length > 0 && (Object.keys(connect.settings).length > 0 || connect.statements.length > 0)
    })
    if (told.length === 0) return record.notApplicable("the login or the role is the context")
    for (const victim of told) await outlive(scene, record, victim)
  },
})

async function outlive(scene: Scene, record: CheckRecord, victim: Actor): Promise<void> {
  const session = await scene.freshSession(victim)
  try {
    const tables = await closedWithout(scene, victim, session)
    if (tables.length === 0) return
    record.probe()
    record.control()
    const direct = await session.isDirect()
    if (await leavesRows(victim, tables.map(readOf), direct ? "session" : "nothing")) {
      return record.inconclusive(
        `the context of tenant ${victim.name}, or a policy in it, writes, and what it writes would stay: not committed`,
      )
    }
    const found = direct
      ? await onItsOwn(scene, victim, session, tables)
      : await throughPooler(scene, record, victim, session, tables)
    if (typeof found === "string") return record.inconclusive(found)
    if (found !== undefined) record.found(findingOf(victim, found, direct))
  } finally {
    await session.close()
  }
}

const readOf = (table: Relation): string => `select from ${quoted(table)} limit 1`

/** Tables of which the tenant sees rows, and a session without a context does not. */
async function closedWithout(scene: Scene, victim: Actor, session: Connection): Promise<Relation[]> {
  const closed: Relation[] = []
  for (const relation of scene.catalog.relations.filter(holdsTenants)) {
    if (closed.length === 40) break
    if (!(await seesOwn(scene, victim, relation))) continue
    const open = await withoutContext(scene, victim, session, [relation])
    if (open === undefined) closed.push(relation)
  }
  return closed
}

async function withoutContext(
  scene: Scene,
  victim: Actor,
  session: Connection,
  tables: readonly Relation[],
): Promise<Reached | undefined> {
  return await rolledBack(session, async (tx) => {
    for (const statement of roleStatements(victim)) await tx.keep(statement)
    return await reached(scene, tx, { attacker: victim, victim }, tables)
  })
}

/** Committed, because what is rolled back leaves nothing; on a session that is closed afterwards. */
async function onItsOwn(
  scene: Scene,
  victim: Actor,
  session: Connection,
  tables: readonly Relation[],
): Promise<Reached | undefined> {
  for (const table of tables) {
    await session.run(["begin", ...victim.contextStatements(), readOf(table), "commit"].join(";\n"))
    await session.run("rollback")
  }
  return await withoutContext(scene, victim, session, tables)
}

function findingOf(
  victim: Actor,
  { relation, count, attack }: Reached,
  direct: boolean,
): Parameters<CheckRecord["found"]>[0] {
  const label = labelOf(relation)
  const lines = [
    "begin",
    ...victim.contextStatements(),
    readOf(relation),
    "commit",
    "begin",
    ...roleStatements(victim),
    attack,
    "rollback",
  ]
  return {
    object: label,
    message: `After a transaction of tenant ${victim.name} has ended, the next one on the connection sees its rows without having entered any context.`,
    evidence: `${count} rows of tenant ${victim.name} in ${label} after its transaction was committed${direct ? "" : ", through the pooler of the application's URL"}; none before`,
    replay: [`-- connected as ${victim.login}`, ...lines.map((line) => `${line};`)].join("\n"),
    fix: "Enter the context for the transaction alone: set local, set_config(…, true), set local role; let no function that policies call remember it in the session.",
  }
}
