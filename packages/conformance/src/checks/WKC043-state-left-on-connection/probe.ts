import { labelOf, quoted } from "../../catalog/relation.js"
import type { Connection } from "../../database/connection.js"
import { rolledBack } from "../../database/transaction.js"
import { holdsTenants } from "../../probe/ground.js"
import { leavesRows } from "../../probe/leaves-rows.js"
import type { Pair } from "../../probe/pair.js"
import { closedTables, type Reached, reached } from "../../probe/reach.js"
import { areShut } from "../../probe/shut.js"
import { defineProbe, type Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"

export const probe = defineProbe({
  code: "WKC043",
  title: "A tenant's transaction leaves its context behind for the next on the same connection",
  severity: "leak",
  cwe: "CWE-488",
  cvss: "CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:U/C:H/I:N/A:N",
  run: async (scene, record) => {
    const following = scene.pairs.filter(({ attacker, victim }) => attacker.connection === victim.connection)
    if (scene.pairs.length > 0 && following.length === 0) {
      return record.notApplicable("no two tenants share a login, so none comes after another on the same connection")
    }
    for (const pair of following) await follow(scene, record, pair)
  },
})

/** The victim reads and ends its transaction, the attacker begins the next one, as behind a pool. */
async function follow(scene: Scene, record: CheckRecord, pair: Pair): Promise<void> {
  const { attacker, victim } = pair
  const tables = scene.catalog.relations.filter(holdsTenants)
  const closed = await closedTables(scene, pair, tables)
  const reads = closed.slice(0, 40).map((table) => `select from ${quoted(table)} limit 1`)
  if (await leavesRows(victim, reads)) {
    return record.inconclusive(
      `the context of tenant ${victim.name}, or a policy in it, writes, and what it writes would stay: not committed`,
    )
  }
  const session = await scene.freshSession(victim)
  try {
    if (!(await session.isDirect())) {
      return record.notApplicable("a pooler stands between, whose sessions go on to real users")
    }
    record.probe()
    // Committed, because what is rolled back leaves nothing. It reads as the application does, and writes nothing itself.
    for (const read of reads) {
      await session.run(["begin", ...victim.contextStatements(), read, "commit"].join(";\n"))
      await session.run("rollback")
    }
    const found = await afterwards(scene, pair, session, closed)
    const own = await afterwards(scene, { attacker, victim: attacker }, session, tables)
    if (own !== undefined || (await areShut(scene, attacker, tables))) record.control()
    if (found === undefined) return
    record.found({
      object: labelOf(found.relation),
      message: `After a transaction of tenant ${victim.name}, tenant ${attacker.name} on the same connection sees rows of tenant ${victim.name}: something of the session remembers.`,
      evidence: `${found.count} rows of tenant ${victim.name} in ${labelOf(found.relation)}, none on a connection of one's own`,
      replay: [
        "begin",
        ...victim.contextStatements(),
        `select from ${quoted(found.relation)} limit 1`,
        "commit",
        "begin",
        ...attacker.contextStatements(),
        found.attack,
        "rollback",
      ]
        .map((line) => `${line};`)
        .join("\n"),
      fix: `Let the functions that the policies of ${labelOf(found.relation)} call read the context each time, without temporary tables, and set_config only with is_local = true.`,
    })
  } finally {
    await session.close()
  }
}

async function afterwards(
  scene: Scene,
  pair: Pair,
  session: Connection,
  tables: Parameters<typeof reached>[3],
): Promise<Reached | undefined> {
  return await rolledBack(session, async (tx) => {
    const entered = await tx.keep(pair.attacker.contextStatements().join(";\n"))
    return entered.error === undefined ? await reached(scene, tx, pair, tables) : undefined
  })
}
