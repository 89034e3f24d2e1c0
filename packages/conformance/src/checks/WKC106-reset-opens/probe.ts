import { labelOf, quoted, type Relation } from "../../catalog/relation.js"
import type { Connection } from "../../database/connection.js"
import { limits, rolledBack } from "../../database/transaction.js"
import { holdsTenants } from "../../probe/ground.js"
import { leavesRows } from "../../probe/leaves-rows.js"
import type { Pair } from "../../probe/pair.js"
import { closedTables, type Reached, reached } from "../../probe/reach.js"
import { seesAnything } from "../../probe/sees-own.js"
import { settingName, settingNames } from "../../probe/setting-names.js"
import { areShut } from "../../probe/shut.js"
import { defineProbe, type Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"
import { isSigned } from "../WKC033-context-forged-by-sql/forgeries.js"

export const probe = defineProbe({
  code: "WKC106",
  title: "RESET or DISCARD brings a session to another tenant's rows",
  severity: "leak",
  cwe: "CWE-488",
  cvss: "CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:U/C:H/I:N/A:N",
  run: async (scene, record) => {
    const tables = scene.catalog.relations.filter(holdsTenants).slice(0, 60)
    for (const pair of scene.pairs) {
      const closed = await closedTables(scene, pair, tables)
      if ((await seesAnything(scene, pair.attacker)) || (await areShut(scene, pair.attacker, tables))) record.control()
      await inside(scene, record, pair, closed)
      await between(scene, record, pair, closed)
    }
  },
})

/** What PostgreSQL lets a transaction do; DISCARD ALL it does not. */
const withinOne = [
  "reset all",
  "reset role",
  "reset session authorization",
  "discard plans",
  "discard temp",
  "discard sequences",
]

/** What a pool runs before it hands a connection on. */
const betweenTwo = ["discard all", ...withinOne]

/** The attacker's own statements, in its own context. */
async function inside(scene: Scene, record: CheckRecord, pair: Pair, closed: readonly Relation[]): Promise<void> {
  const { attacker } = pair
  const names = [...new Set([...Object.keys(attacker.tenant.connect.settings), ...(await settingNames(scene, record))])]
  for (const statement of [...withinOne, ...names.map((name) => `reset ${settingName(name)}`)]) {
    const found = await attacker.act(async (tx) => {
      const { error } = await tx.keep(statement)
      record.probe()
      if (error !== undefined) return undefined
      // RESET ALL took them too, and then a table that somebody has locked would be waited for.
      await tx.keep(limits)
      return await reached(scene, tx, pair, closed)
    })
    if (found === undefined) continue
    const isServed = isSigned(pair) || scene.target.sqlInjectable
    report(record, pair, found, {
      how: `${statement} in its own transaction`,
      replay: attacker.replay(statement, found.attack),
      ...(isServed ? {} : { severity: "hygiene" }),
    })
  }
}

/** A transaction of the victim's, what a pool runs, and a transaction of the attacker's or one without a context. */
async function between(scene: Scene, record: CheckRecord, pair: Pair, closed: readonly Relation[]): Promise<void> {
  const { attacker, victim } = pair
  const [own] = closed
  if (own === undefined || attacker.connection !== victim.connection) return
  const read = `select from ${quoted(own)} limit 1`
  if (await leavesRows(victim, [read])) {
    return record.leftOut(
      labelOf(own),
      `what is left after RESET and DISCARD was not tried: the context of tenant ${victim.name} writes, and was not committed`,
    )
  }
  const session = await scene.freshSession(victim)
  try {
    if (!(await session.isDirect())) return
    const bare = await closedIn(scene, session, pair, closed)
    for (const statement of betweenTwo) {
      // Committed, because what is rolled back leaves nothing. It reads as the application does, and writes nothing itself.
      await session.run(["begin", ...victim.contextStatements(), read, "commit"].join(";\n"))
      await session.run("rollback")
      if ((await session.run(statement)).error !== undefined) continue
      record.probe()
      for (const [context, tables] of [
        [attacker.contextStatements(), closed],
        [[], bare],
      ] as const) {
        const found = await seenIn(scene, session, pair, tables, context)
        if (found === undefined) continue
        const lines = [
          "begin",
          ...victim.contextStatements(),
          read,
          "commit",
          statement,
          "begin",
          ...context,
          found.attack,
          "rollback",
        ]
        report(record, pair, found, {
          how: `${statement} between a transaction of tenant ${victim.name} and one ${context.length > 0 ? `of tenant ${attacker.name}` : "without a context"}`,
          replay: [`-- connected as ${victim.login}`, ...lines.map((line) => `${line};`)].join("\n"),
        })
      }
    }
  } finally {
    await session.close()
  }
}

async function seenIn(
  scene: Scene,
  session: Connection,
  pair: Pair,
  tables: readonly Relation[],
  context: readonly string[],
): Promise<Reached | undefined> {
  return await rolledBack(session, async (tx) => {
    for (const statement of context) if ((await tx.keep(statement)).error !== undefined) return undefined
    return await reached(scene, tx, pair, tables)
  })
}

/** What a session without a context does not see before anybody was in it. */
async function closedIn(
  scene: Scene,
  session: Connection,
  pair: Pair,
  tables: readonly Relation[],
): Promise<Relation[]> {
  const closed: Relation[] = []
  for (const table of tables) {
    if ((await seenIn(scene, session, pair, [table], [])) === undefined) closed.push(table)
  }
  return closed
}

function report(
  record: CheckRecord,
  { victim }: Pair,
  { relation, count }: Reached,
  { how, ...rest }: { readonly how: string; readonly replay: string; readonly severity?: "hygiene" },
): void {
  record.found({
    object: labelOf(relation),
    message: `After RESET or DISCARD a session sees rows of tenant ${victim.name}: what lies under the context is no empty one.`,
    evidence: `${count} rows of tenant ${victim.name} in ${labelOf(relation)} after ${how}`,
    fix: `Let nothing lie under the context: alter role … reset the settings that policies of ${labelOf(relation)} read, also in the database and in the connection's options, and let the login itself see no rows.`,
    ...rest,
  })
}
