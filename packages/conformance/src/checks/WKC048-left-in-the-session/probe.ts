import { quoteLiteral } from "@wardkeep/core"
import { labelOf, quoted, type Relation } from "../../catalog/relation.js"
import type { Connection } from "../../database/connection.js"
import { rolledBack } from "../../database/transaction.js"
import { holdsTenants } from "../../probe/ground.js"
import { leavesRows } from "../../probe/leaves-rows.js"
import type { Pair } from "../../probe/pair.js"
import { closedTables, reached } from "../../probe/reach.js"
import { settingName, settingNames } from "../../probe/setting-names.js"
import { defineProbe, type Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"
import { forSession, type Leftover, leftoversOf } from "./leftovers.js"

export const probe = defineProbe({
  code: "WKC048",
  title: "What one tenant leaves in a session, the next one meets",
  severity: "hygiene",
  cwe: "CWE-488",
  cvss: "CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:U/C:L/I:L/A:N",
  run: async (scene, record) => {
    const pair = scene.pairs.find(({ attacker, victim }) => attacker.connection === victim.connection)
    if (pair === undefined) return record.notApplicable("no two tenants share a login")
    const session = await scene.freshSession(pair.victim)
    try {
      if (!(await session.isDirect())) {
        return record.notApplicable("a pooler stands between, whose sessions go on to real users")
      }
      const tables = scene.catalog.relations.filter(holdsTenants).slice(0, 60)
      const own = await pair.victim.act(async (tx) => {
        const swapped = { attacker: pair.victim, victim: pair.victim }
        return (await reached(scene, tx, swapped, tables))?.relation
      })
      const read = own === undefined ? [] : [`select from ${quoted(own)} limit 1`]
      if (await leavesRows(pair.victim, read)) {
        record.inconclusive(
          `the context of tenant ${pair.victim.name}, or a policy in it, writes, and what it writes would stay: not committed`,
        )
      } else await leaveThings(scene, record, pair, session, own)
      await leaveSettings(scene, record, pair, session, tables)
    } finally {
      await session.close()
    }
  },
})

async function leaveThings(
  scene: Scene,
  record: CheckRecord,
  pair: Pair,
  session: Connection,
  own: Relation | undefined,
): Promise<void> {
  const { attacker, victim } = pair
  const met: Leftover[] = []
  for (const leftover of leftoversOf(victim, own)) {
    scene.step(leftover.name)
    // Committed, because what is rolled back leaves nothing; of the session alone, which is closed afterwards.
    const left = await session.run(["begin", ...victim.contextStatements(), ...leftover.leave, "commit"].join(";\n"))
    await session.run("rollback")
    const isMet = await rolledBack(session, async (tx) => {
      for (const statement of leftover.next === "context" ? attacker.contextStatements() : []) {
        if ((await tx.keep(statement)).error !== undefined) return false
      }
      return (await tx.attempt(leftover.meet)).count > 0
    })
    for (const statement of leftover.clear) await session.run(statement)
    record.probe()
    if (left.error === undefined) record.control()
    if (isMet) met.push(leftover)
  }
  // Since PostgreSQL 15 for whoever was granted SET on the parameter.
  const mayDefault = await victim.act(async (tx) => {
    for (const [name, value] of Object.entries(victim.tenant.connect.settings)) {
      const { error } = await tx.attempt(`alter role current_user set ${settingName(name)} = ${quoteLiteral(value)}`)
      if (error === undefined) return true
    }
    return false
  })
  const names = [...met.map(({ name }) => name), ...(mayDefault ? ["a default for every later session"] : [])]
  if (names.length === 0) return
  const lines = met.flatMap(({ leave, next, meet, clear }) => [
    "begin",
    ...victim.contextStatements(),
    ...leave,
    "commit",
    "begin",
    ...(next === "context" ? attacker.contextStatements() : []),
    meet,
    "rollback",
    ...clear,
  ])
  record.found({
    object: `sessions of ${victim.login}`,
    message: `The next tenant on a connection meets what the one before left: ${names.join(", ")}.`,
    evidence: `left by tenant ${victim.name}, met by tenant ${attacker.name} on the same connection: ${names.join(", ")}`,
    replay: [`-- connected as ${victim.login}`, ...lines.map((line) => `${line};`)].join("\n"),
    fix: `Let the pool run discard all before it hands a connection on; revoke temporary on database … from public; set the context with set local only.`,
  })
}

/** A setting that policies read and that the next context does not overwrite speaks on for whoever set it. */
async function leaveSettings(
  scene: Scene,
  record: CheckRecord,
  pair: Pair,
  session: Connection,
  tables: readonly Relation[],
): Promise<void> {
  const { attacker, victim } = pair
  const [key] = victim.keys
  const mine = attacker.tenant.connect.settings
  const names = (await settingNames(scene, record)).filter((name) => !Object.hasOwn(mine, name))
  if (key === undefined || names.length === 0) return
  const closed = await closedTables(scene, pair, tables)
  for (const name of names) {
    const leave = forSession(name, victim.tenant.connect.settings[name] ?? key)
    const left = await session.run(leave)
    const found = await rolledBack(session, async (tx) => {
      const entered = await tx.keep(attacker.contextStatements().join(";\n"))
      return entered.error === undefined ? await reached(scene, tx, pair, closed) : undefined
    })
    await session.run(`reset ${settingName(name)}`)
    record.probe()
    if (left.error === undefined) record.control()
    if (found === undefined) continue
    record.found({
      object: labelOf(found.relation),
      message: `A session in which ${name} was left set shows the next tenant, in its own context, rows of tenant ${victim.name}.`,
      evidence: `${found.count} rows of tenant ${victim.name} in the context of tenant ${attacker.name}, which does not set ${name}`,
      replay: [`${leave};`, attacker.replay(found.attack)].join("\n"),
      fix: `Let every context set ${name}, if only to '', or let the policies of ${labelOf(found.relation)} not read it.`,
    })
  }
}
