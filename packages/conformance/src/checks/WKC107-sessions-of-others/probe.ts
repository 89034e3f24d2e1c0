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
  const { attacker, victim } = pair
  const [theirs, mine] = [await scene.freshSession(victim), await scene.freshSession(attacker)]
  // Of the victim's login, which sees and ends what is its own; whoever runs the suite may be allowed neither.
  const beside = await scene.freshSession(victim)
  try {
    if (!(await theirs.isDirect()) || !(await mine.isDirect())) {
      return record.notApplicable("a pooler stands between, whose sessions go on to real users")
    }
    const [row] = await theirs.rows(
      "select pg_catalog.pg_backend_pid() as pid, pg_catalog.current_setting('track_activities') as shown",
    )
    if (row?.shown === "off") {
      return record.notApplicable("track_activities is off: the server shows nobody's statements")
    }
    await tryOn(scene, record, pair, { theirs, mine, beside, pid: Number(row?.pid) })
  } finally {
    await beside.close()
    await mine.close()
    await theirs.close()
  }
}

interface Sessions {
  readonly theirs: Connection
  readonly mine: Connection
  readonly beside: Connection
  /** Of the victim's process. */
  readonly pid: number
}

async function tryOn(
  scene: Scene,
  record: CheckRecord,
  pair: Pair,
  { theirs, mine, beside, pid }: Sessions,
): Promise<void> {
  const { attacker, victim } = pair
  const canary = `wk${randomBytes(5).toString("hex")}`
  // To be ended is the point, and no sign of a server in trouble: caught where it happens.
  const running = theirs.run(
    `do $wk$ begin perform pg_catalog.pg_sleep(${sleeps}) /* ${canary} */; exception when query_canceled then null; end $wk$`,
  )
  const isRunning = async (): Promise<boolean> => {
    const { rows } = await beside.run(
      "select state = 'active' and query like '%' || $2 || '%' as on from pg_catalog.pg_stat_activity where pid = $1",
      [pid, canary],
    )
    return rows[0]?.on === "t"
  }
  const end = async (): Promise<void> => {
    await beside.run("select pg_catalog.pg_cancel_backend($1)", [pid])
  }
  for (let turn = 0; turn < 250 && !(await isRunning()); turn++) await pause(20)
  if (!(await isRunning())) {
    await end()
    await running
    return record.inconclusive(
      `a statement of ${victim.login} was not seen to run by another session of that login: may it read pg_stat_activity?`,
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
  if (!ended) await end()
  await running
  if (!told && !ended) return
  if (attacker.login !== victim.login) return report(record, pair, { told, ended })
  // PostgreSQL's own way with one login, whatever the system: nothing that this one does wrong, so no finding.
  record.say(
    `tenants share the login ${victim.login}, and each session of a login may ${[...(told ? ["read"] : []), ...(ended ? ["end"] : [])].join(" and ")} what the others run: send values as parameters, never in the text of a statement.`,
  )
}

function report(
  record: CheckRecord,
  { attacker, victim }: Pair,
  { told, ended }: { readonly told: boolean; readonly ended: boolean },
): void {
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
    message: `Tenant ${attacker.name} ${what.join(", and ")}, of sessions of tenant ${victim.name}.`,
    evidence: `a statement of tenant ${victim.name} with a canary in it was ${[...(told ? ["read in pg_stat_activity"] : []), ...(ended ? ["ended with pg_cancel_backend"] : [])].join(" and ")} in the context of tenant ${attacker.name}`,
    replay: `-- while a session of ${victim.login} is open\n${attacker.replay(...replay)}`,
    fix: `Revoke pg_read_all_stats, pg_monitor and pg_signal_backend from ${attacker.login}, and its membership in ${victim.login}.`,
    ...(told ? {} : { severity: "hygiene" }),
  })
}
