import { createHash, randomUUID } from "node:crypto"
import { quoteIdent } from "@wardkeep/core"
import { quoted, type Relation } from "../catalog/relation.js"
import type { Actor } from "../database/actor.js"
import type { Transaction } from "../database/transaction.js"
import type { Scene } from "../run/check.js"
import type { Addressed } from "./addressed.js"
import { aimed } from "./aim.js"
import { holdsTenants } from "./ground.js"
import type { Pair } from "./pair.js"
import type { Rights } from "./rights.js"

/** What the victim sees of its own rows: a hash per statement that looks. */
export type Picture = ReadonlyMap<string, string>

/**
 * In the tables that this source names.
 *
 * @param addressed rows, by the oid of their table, whose states may be others
 */
export async function picture(
  scene: Scene,
  tx: Transaction,
  victim: Actor,
  source: string,
  addressed?: ReadonlyMap<string, Addressed>,
): Promise<Picture> {
  const seen = new Map<string, string>()
  for (const relation of scene.catalog.relations.filter(holdsTenants)) {
    if (!source.includes(relation.name)) continue
    const rights = await scene.rights.of(victim, relation)
    const whole = rowText(relation, rights)
    if (whole === undefined) continue
    const aside = addressed?.get(relation.oid)
    const text =
      aside === undefined
        ? whole
        : `case when ${aside.rows} then ${rowText(relation, rights, aside.states) ?? "''"} else ${whole} end`
    const look = (of: Relation, where: string): string =>
      `select count(*) as n, md5(string_agg(${text}, '|' order by ${text})) as hash from ${quoted(of)} as wk_row where ${where}`
    const { seen: outcome, attack } = await aimed(tx, relation, victim, await scene.facts.owned(relation, victim), look)
    if (attack === "") continue
    // What cannot be looked at excuses nothing.
    const isUnknown = aside !== undefined && outcome.error !== undefined
    const told = isUnknown ? randomUUID() : JSON.stringify(outcome.rows)
    seen.set(attack, createHash("sha256").update(told).digest("hex"))
  }
  return seen
}

/** The row as far as the tenant may read it: with one column that it may not, the whole row is refused. */
function rowText({ columns }: Relation, { select, owner }: Rights, except: readonly string[] = []): string | undefined {
  const readable = columns.filter(({ name }) => (owner || select.includes(name)) && !except.includes(name))
  if (readable.length === columns.length) return "wk_row::text"
  if (readable.length === 0) return undefined
  return `row(${readable.map(({ name }) => `wk_row.${quoteIdent(name)}`).join(", ")})::text`
}

/** The first statement that shows the victim something else than before. */
export const difference = (before: Picture, after: Picture): string | undefined =>
  [...before.keys()].find((look) => before.get(look) !== after.get(look))

/** The victim looks, the attacker acts, the victim looks again, in one transaction. */
export const lookReplay = ({ attacker, victim }: Pair, look: string, attack: string): string =>
  victim.replay(look, ...attacker.takingOver(victim), attack, ...victim.takingOver(attacker), look)
