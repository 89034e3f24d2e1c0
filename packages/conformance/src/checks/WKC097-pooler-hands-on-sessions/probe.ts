import type { Actor } from "../../database/actor.js"
import type { Connection } from "../../database/connection.js"
import { defineProbe, type Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"
import { type Mark, marks } from "./marks.js"

export const probe = defineProbe({
  code: "WKC097",
  title: "A pooler hands what one client left in a session to the next client",
  severity: "hygiene",
  cwe: "CWE-488",
  cvss: "CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:U/C:L/I:L/A:N",
  run: async (scene, record) => {
    const logins = new Map(scene.actors.map((actor) => [actor.login, actor]))
    for (const actor of logins.values()) await handOn(scene, record, actor)
  },
})

async function handOn(scene: Scene, record: CheckRecord, actor: Actor): Promise<void> {
  const met: Mark[] = []
  for (const mark of marks()) {
    const outcome = await passOn(scene, actor, mark)
    if (outcome === "direct") return record.notApplicable("no pooler stands between")
    if (outcome === "refused") continue
    record.probe()
    record.control()
    if (outcome === "met") met.push(mark)
    if (outcome === "lost") {
      record.say(`${mark.name} of the probe's own, ${mark.word}, was left with the pooler and could not be met again.`)
    }
  }
  if (met.length === 0) return
  const names = met.map(({ name }) => name).join(", ")
  record.found({
    object: `sessions of ${actor.login}`,
    message: `The pooler hands a session on as its last client left it: ${names}.`,
    evidence: `left by one client of the application's URL and met by another one: ${names}`,
    replay: [
      `-- connected as ${actor.login}`,
      "-- client 1, through the pooler",
      ...met.map(({ leave }) => `${leave};`),
      `-- connected as ${actor.login}`,
      "-- client 2, through the pooler",
      ...met.flatMap(({ meet, clear }) => [`${meet};`, `${clear};`]),
    ].join("\n"),
    fix: "Let contexts, locks and temporary tables end with their transaction, and name no prepared statements of one's own; or let the pooler keep a session for one client and run discard all before the next one.",
  })
}

type PassedOn = "direct" | "refused" | "met" | "cleared" | "lost"

/** While the first client is idle, as in transaction mode, then after it has gone, as in session mode without a reset. */
async function passOn(scene: Scene, actor: Actor, mark: Mark): Promise<PassedOn> {
  const first = await scene.freshSession(actor)
  try {
    if (await first.isDirect()) return "direct"
    const second = await scene.freshSession(actor)
    try {
      if ((await first.run(mark.leave)).error !== undefined) return "refused"
      if (await takenAway(second, mark)) return "met"
      if (await isThere(first, mark)) return await afterFirst(scene, actor, mark, first)
      return (await takenAway(second, mark)) ? "met" : "lost"
    } finally {
      await second.close()
    }
  } finally {
    await first.close()
  }
}

async function afterFirst(scene: Scene, actor: Actor, mark: Mark, first: Connection): Promise<PassedOn> {
  await first.close()
  const third = await scene.freshSession(actor)
  try {
    return (await takenAway(third, mark)) ? "met" : "cleared"
  } finally {
    await third.close()
  }
}

const isThere = async (session: Connection, { meet }: Mark): Promise<boolean> => (await session.run(meet)).count > 0

/** In a transaction, so that the pooler changes the session for no other one between the look and the taking away. */
async function takenAway(session: Connection, mark: Mark): Promise<boolean> {
  return await session.taken(async () => {
    await session.rows("begin")
    const met = await isThere(session, mark)
    if (met) await session.run(mark.clear)
    await session.run("commit")
    return met
  })
}
