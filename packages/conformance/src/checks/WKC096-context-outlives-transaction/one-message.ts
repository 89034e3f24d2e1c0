import { quoteLiteral } from "@wardkeep/core"
import { quoted, type Relation } from "../../catalog/relation.js"
import type { Actor } from "../../database/actor.js"
import type { Connection } from "../../database/connection.js"
import { rolledBack } from "../../database/transaction.js"
import { aims } from "../../probe/aim.js"
import { roleStatements } from "../../probe/context-state.js"
import { countRows, type Reached } from "../../probe/reach.js"
import { settingNames } from "../../probe/setting-names.js"
import type { Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"

const answer = "wk_probe.answer"

/**
 * The same exchange where the session belongs to a pooler. It is one message of the simple protocol, which no pooler can divide
 * among sessions, and it ends with every setting as it was. Why not, where it could not be tried.
 */
export async function throughPooler(
  scene: Scene,
  record: CheckRecord,
  victim: Actor,
  session: Connection,
  tables: readonly Relation[],
): Promise<Reached | string | undefined> {
  const names = await settingsTouched(scene, record, victim, session)
  for (const relation of tables) {
    const theirs = await scene.facts.owned(relation, victim)
    const where = aims(relation, victim, theirs)[0]
    if (where === undefined) continue
    const attack = countRows(relation, where)
    const message = exchange(victim, relation, attack, names)
    // An error after the commit would leave the context behind: what could fail is tried before, and undone.
    const trial = await victim.act(async (tx) => await tx.attempt(asked(attack)))
    if (trial.error !== undefined) return `through the pooler nothing was committed: ${trial.error.code} beforehand`
    const { rows, error } = await session.run(message)
    if (error !== undefined) return `the exchange through the pooler was refused: ${error.code}`
    const count = Number(rows[0]?.answer ?? 0)
    if (count > 0) return { relation, count, attack }
  }
  return undefined
}

/** What the context could leave behind: settings of the target, of policies, of the statements' text, and of the server. */
async function settingsTouched(
  scene: Scene,
  record: CheckRecord,
  victim: Actor,
  session: Connection,
): Promise<string[]> {
  const { settings, statements } = victim.tenant.connect
  const written = statements.flatMap((text) => text.match(/\b[a-z_]\w*\.[a-z_]\w*\b(?!\s*\()/gi) ?? [])
  const question = "select name, setting from pg_catalog.pg_settings where context in ('user', 'superuser')"
  const before = await rolledBack(session, async (tx) => (await tx.attempt(question)).rows)
  const known = new Map(before.map(({ name, setting }) => [name, setting]))
  const inside = await victim.act(async (tx) => (await tx.attempt(question)).rows)
  const changed = inside.filter(({ name, setting }) => known.get(name) !== setting && !ours.has(String(name)))
  return [
    ...new Set([
      "role",
      ...Object.keys(settings),
      ...(await settingNames(scene, record)),
      ...written,
      ...changed.map(({ name }) => String(name)),
    ]),
  ]
}

/** Limits of the probe itself, which end with its transaction. */
const ours = new Set(["statement_timeout", "lock_timeout"])

function exchange(victim: Actor, relation: Relation, attack: string, names: readonly string[]): string {
  const was = (place: number): string => `wk_probe.was_${place}`
  const set = (name: string, value: string): string =>
    `select pg_catalog.set_config(${quoteLiteral(name)}, ${value}, false)`
  const now = (name: string): string => `pg_catalog.current_setting(${quoteLiteral(name)}, true)`
  return [
    ...names.map((name, place) => set(was(place), now(name))),
    "begin",
    ...victim.contextStatements(),
    `select from ${quoted(relation)} limit 1`,
    "commit",
    "begin",
    ...roleStatements(victim),
    asked(attack),
    "commit",
    ...names.map((name, place) => set(name, now(was(place)))),
    `select ${now(answer)} as answer`,
  ].join(";\n")
}

/** A refusal is an answer too, and must not end the message. */
const asked = (attack: string): string =>
  `do ${quoteLiteral(`begin perform pg_catalog.set_config('${answer}', (${attack})::text, false);
   exception when others then perform pg_catalog.set_config('${answer}', '0', false); end`)}`
