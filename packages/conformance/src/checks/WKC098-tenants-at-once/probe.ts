import { labelOf, quoted, type Relation } from "../../catalog/relation.js"
import type { Actor } from "../../database/actor.js"
import type { Connection } from "../../database/connection.js"
import type { Transaction } from "../../database/transaction.js"
import { numberOf } from "../../probe/facts.js"
import { holdsTenants } from "../../probe/ground.js"
import type { Pair } from "../../probe/pair.js"
import { closedTables, type Reached, reached } from "../../probe/reach.js"
import { seesOwn } from "../../probe/sees-own.js"
import { defineProbe, type Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"

export const probe = defineProbe({
  code: "WKC098",
  title: "Two tenants at once over few connections meet each other's rows",
  severity: "leak",
  cwe: "CWE-362",
  cvss: "CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:U/C:H/I:H/A:N",
  run: async (scene, record) => {
    const { pairs } = scene
    const once = pairs.filter(({ attacker, victim }, place) => {
      return !pairs.slice(0, place).some((pair) => pair.attacker === victim && pair.victim === attacker)
    })
    for (const pair of once) await atOnce(scene, record, pair)
  },
})

/** Tables in which each of the two sees its own rows and not the other's while nobody else is there. */
async function sharedTables(scene: Scene, pair: Pair): Promise<Relation[]> {
  const { attacker, victim } = pair
  const tables = scene.catalog.relations.filter(holdsTenants)
  const closed = new Set(await closedTables(scene, { attacker: victim, victim: attacker }, tables))
  const both: Relation[] = []
  for (const relation of await closedTables(scene, pair, tables)) {
    if (both.length === 20) break
    const seen = (await seesOwn(scene, attacker, relation)) && (await seesOwn(scene, victim, relation))
    if (seen && closed.has(relation)) both.push(relation)
  }
  return both
}

async function atOnce(scene: Scene, record: CheckRecord, pair: Pair): Promise<void> {
  const tables = await sharedTables(scene, pair)
  if (tables.length === 0) return
  const { attacker, victim } = pair
  const sessions = [
    await scene.freshSession(attacker),
    await scene.freshSession(victim),
    await scene.freshSession(attacker),
  ]
  try {
    const found =
      (await inOrder(scene, record, pair, sessions, tables)) ?? (await asPool(scene, record, pair, sessions, tables))
    if (found !== undefined) record.found(findingOf(found))
  } finally {
    for (const session of sessions) await session.close()
  }
}

interface Met extends Reached {
  readonly pair: Pair
  readonly how: string
}

/** Both have entered and read before the first one looks again. */
async function inOrder(
  scene: Scene,
  record: CheckRecord,
  pair: Pair,
  [first, second]: readonly Connection[],
  tables: readonly Relation[],
): Promise<Met | undefined> {
  const { attacker, victim } = pair
  if (first === undefined || second === undefined) return undefined
  return await attacker.actOn(first, async (one) => {
    return await victim.actOn(second, async (two) => {
      for (const relation of tables) {
        scene.step(labelOf(relation))
        const mine = await reads(one, relation)
        const theirs = await reads(two, relation)
        record.probe(labelOf(relation))
        if (mine && theirs) record.control()
        const seen = await reached(scene, one, pair, [relation])
        if (seen !== undefined) return { ...seen, pair, how: "with one transaction of each open at the same time" }
        const back = { attacker: victim, victim: attacker }
        const other = await reached(scene, two, back, [relation])
        if (other !== undefined)
          return { ...other, pair: back, how: "with one transaction of each open at the same time" }
      }
      return undefined
    })
  })
}

/** As the application reads; kept, because a context that is entered at the first read must stay entered. */
const reads = async (tx: Transaction, relation: Relation): Promise<boolean> =>
  numberOf((await tx.keep(countOf(relation))).rows) > 0

const countOf = (relation: Relation): string => `select count(*) from ${quoted(relation)}`

const rounds = 14

/** Every connection takes the tenants' transactions in turn; of another login only that login's. */
async function asPool(
  scene: Scene,
  record: CheckRecord,
  { attacker, victim }: Pair,
  sessions: readonly Connection[],
  tables: readonly Relation[],
): Promise<Met | undefined> {
  const shared = attacker.connection === victim.connection
  const met: Met[] = []
  const work = sessions.map(async (session, place) => {
    for (let round = 0; round < rounds && met.length === 0; round++) {
      const isAttacker = shared ? (round + place) % 2 === 0 : place !== 1
      const pair = isAttacker ? { attacker, victim } : { attacker: victim, victim: attacker }
      const relation = tables[round % tables.length]
      if (relation === undefined) return
      await pair.attacker.actOn(session, async (tx) => {
        if (!(await reads(tx, relation))) return
        record.probe(labelOf(relation))
        record.control()
        const seen = await reached(scene, tx, pair, [relation])
        if (seen !== undefined) met.push({ ...seen, pair, how: `over ${sessions.length} connections in turn` })
      })
    }
  })
  // All of them: a session that is still at work must not be closed.
  for (const { reason } of (await Promise.allSettled(work)).filter((one) => one.status === "rejected")) throw reason
  return met[0]
}

function findingOf({
  pair: { attacker, victim },
  relation,
  count,
  attack,
  how,
}: Met): Parameters<CheckRecord["found"]>[0] {
  const label = labelOf(relation)
  const own = countOf(relation)
  const part = (actor: Actor, client: number, lines: readonly string[]): string[] => [
    `-- connected as ${actor.login}`,
    `-- client ${client}`,
    ...lines.map((line) => `${line};`),
  ]
  return {
    object: label,
    message: `While tenant ${victim.name} is at work, tenant ${attacker.name} sees its rows: the context is not the connection's own.`,
    evidence: `${count} rows of tenant ${victim.name} in the context of tenant ${attacker.name}, ${how}; none while it was alone`,
    replay: [
      ...part(attacker, 1, ["begin", ...attacker.contextStatements(), own]),
      ...part(victim, 2, ["begin", ...victim.contextStatements(), own]),
      ...part(attacker, 1, [attack, "rollback"]),
      ...part(victim, 2, ["rollback"]),
    ].join("\n"),
    fix: "Keep the context in settings of the transaction, which no other session sees; let the application reach the server through a pooler that keeps a transaction on one session.",
  }
}
