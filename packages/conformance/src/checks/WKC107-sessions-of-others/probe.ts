import { randomBytes, randomInt } from "node:crypto"
import { setTimeout as pause } from "node:timers/promises"
import type { Connection } from "../../database/connection.js"
import { rolledBack } from "../../database/transaction.js"
import type { Pair } from "../../probe/pair.js"
import { defineProbe, type Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"
import { cancelRequest } from "./cancel-request.js"

export const probe = defineProbe({
  code: "WKC107",
  title: "A tenant reads, or ends, what another tenant's session is doing",
  severity: "leak",
  cwe: "CWE-668",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:L/I:N/A:L",
  run: async (scene, record) => {
    const seen = new Set<string>()
    for (const pair of scene.pairs) {
      const logins = `${pair.attacker.login} ${pair.victim.login}`
      if (seen.has(logins)) continue
      seen.add(logins)
      await watch(scene, record, pair)
    }
  },
})

/** Long enough for a busy machine, and ended as soon as everything was tried. */
const sleeps = 20

async function watch(scene: Scene, record: CheckRecord, pair: Pair): Promise<void> {
  const [theirs, mine] = [await scene.freshSession(pair.victim), await scene.freshSession(pair.attacker)]
  try {
    if (!(await theirs.isDirect()) || !(await mine.isDirect())) {
      return record.notApplicable("a pooler stands between, whose sessions go on to real users")
    }
    const [row] = await theirs.rows("select pg_catalog.pg_backend_pid() as pid")
    await tryOn(scene, record, pair, { theirs, mine, pid: Number(row?.pid) })
  } finally {
    await mine.close()
    await theirs.close()
  }
}

interface Sessions {
  readonly theirs: Connection
  readonly mine: Connection
  /** Of the victim's process. */
  readonly pid: number
}

async function tryOn(scene: Scene, record: CheckRecord, pair: Pair, { theirs, mine, pid }: Sessions): Promise<void> {
  const { attacker, victim } = pair
  const canary = `wk${randomBytes(5).toString("hex")}`
  // To be ended is the point, and no sign of a server in trouble: caught where it happens.
  const running = theirs.run(
    `do $wk$ begin perform pg_catalog.pg_sleep(${sleeps}) /* ${canary} */; exception when query_canceled then null; end $wk$`,
  )
  const isRunning = async (): Promise<boolean> => {
    const rows = await scene.reader.rows(
      "select state = 'active' and query like '%' || $2 || '%' as on from pg_catalog.pg_stat_activity where pid = $1",
      [pid, canary],
    )
    return rows[0]?.on === "t"
  }
  for (let turn = 0; turn < 50 && !(await isRunning()); turn++) await pause(20)
  if (!(await isRunning())) {
    await running
    return record.inconclusive(
      "the statement of the other session was not seen to run: --database-url may not read pg_stat_activity",
    )
  }
  record.control()
  // Of the protocol, which asks for a number that only that session's client was told.
  await cancelRequest(scene.urlOf(attacker), pid, randomInt(2 ** 31))
  await pause(100)
  record.probe(`sessions of ${victim.login}`)
  if (!(await isRunning()))
    record.say("a cancel request with a number that was made up ended another session's statement.")
  const ask = async (sql: string): Promise<boolean> =>
    await rolledBack(mine, async (tx) => {
      for (const statement of attacker.contextStatements()) await tx.keep(statement)
      record.probe(`sessions of ${victim.login}`)
      return Object.values((await tx.attempt(sql)).rows[0] ?? {}).includes("t")
    })
  const told = await ask(`select query like '%${canary}%' as told from pg_catalog.pg_stat_activity where pid = ${pid}`)
  const ended = await ask(`select pg_catalog.pg_cancel_backend(${pid}) as ended`)
  if (!ended) await scene.reader.run("select pg_catalog.pg_cancel_backend($1)", [pid])
  await running
  if (told || ended) report(record, pair, { told, ended })
}

function report(
  record: CheckRecord,
  { attacker, victim }: Pair,
  { told, ended }: { readonly told: boolean; readonly ended: boolean },
): void {
  const isOne = attacker.login === victim.login
  const what = [
    ...(told ? ["reads the statements, with every value that stands in them"] : []),
    ...(ended ? ["ends the statements"] : []),
  ]
  const replay = [
    ...(told
      ? [
          "select pid, state, query from pg_catalog.pg_stat_activity where pid <> pg_catalog.pg_backend_pid() and query <> '<insufficient privilege>'",
        ]
      : []),
    ...(ended
      ? [
          "select pg_catalog.pg_cancel_backend(pid) from pg_catalog.pg_stat_activity where pid <> pg_catalog.pg_backend_pid() and usename = " +
            `'${victim.login.replaceAll("'", "''")}'`,
        ]
      : []),
  ]
  record.found({
    object: `sessions of ${victim.login}`,
    message: `Tenant ${attacker.name} ${what.join(", and ")}, of sessions of tenant ${victim.name}.${isOne ? " They share a login, and PostgreSQL lets a login look after its own sessions." : ""}`,
    evidence: `a statement of tenant ${victim.name} with a canary in it was ${[...(told ? ["read in pg_stat_activity"] : []), ...(ended ? ["ended with pg_cancel_backend"] : [])].join(" and ")} in the context of tenant ${attacker.name}`,
    replay: attacker.replay(...replay),
    fix: isOne
      ? "Send values as parameters and never in the text of a statement; revoke execute on function pg_catalog.pg_cancel_backend, pg_catalog.pg_terminate_backend from public, which needs a superuser in each database."
      : `Revoke pg_read_all_stats, pg_monitor and pg_signal_backend from ${attacker.login}, and its membership in ${victim.login}.`,
    ...(isOne || !told ? { severity: "hygiene" } : {}),
  })
}
