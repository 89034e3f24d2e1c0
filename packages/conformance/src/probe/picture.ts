import { createHash } from "node:crypto"
import { quoteIdent } from "@wardkeep/core"
import { quoted, type Relation } from "../catalog/relation.js"
import type { Actor } from "../database/actor.js"
import type { Transaction } from "../database/transaction.js"
import type { Scene } from "../run/check.js"
import { aimed } from "./aim.js"
import { holdsTenants } from "./ground.js"
import type { Pair } from "./pair.js"
import type { Rights } from "./rights.js"

/** What the victim sees of its own rows: a hash per statement that looks. */
export type Picture = ReadonlyMap<string, string>

/**
 * In the tables that this source names.
 *
 * @param counting SQL that is true for the rows of a table that count, by its oid
 */
export async function picture(
  scene: Scene,
  tx: Transaction,
  victim: Actor,
  source: string,
  counting: ReadonlyMap<string, string> = new Map(),
): Promise<Picture> {
  const seen = new Map<string, string>()
  for (const relation of scene.catalog.relations.filter(holdsTenants)) {
    if (!source.includes(relation.name)) continue
    const text = rowText(relation, await scene.rights.of(victim, relation))
    if (text === undefined) continue
    const counts = counting.get(relation.oid)
    const look = (of: Relation, where: string): string =>
      `select count(*) as n, md5(string_agg(${text}, '|' order by ${text})) as hash from ${quoted(of)} as wk_row where ${where}${counts === undefined ? "" : ` and ${counts}`}`
    const { seen: outcome, attack } = await aimed(tx, relation, victim, await scene.facts.owned(relation, victim), look)
    if (attack === "") continue
    seen.set(attack, createHash("sha256").update(JSON.stringify(outcome.rows)).digest("hex"))
  }
  return seen
}

/** The row as far as the tenant may read it: with one column that it may not, the whole row is refused. */
function rowText({ columns }: Relation, { select, owner }: Rights): string | undefined {
  const readable = columns.filter(({ name }) => select.includes(name))
  if (owner || readable.length === columns.length) return "wk_row::text"
  if (readable.length === 0) return undefined
  return `row(${readable.map(({ name }) => `wk_row.${quoteIdent(name)}`).join(", ")})::text`
}

/** The first statement that shows the victim something else than before. */
export const difference = (before: Picture, after: Picture): string | undefined =>
  [...before.keys()].find((look) => before.get(look) !== after.get(look))

/** The victim looks, the attacker acts, the victim looks again, in one transaction. */
export const lookReplay = ({ attacker, victim }: Pair, look: string, attack: string): string =>
  victim.replay(look, ...attacker.takingOver(victim), attack, ...victim.takingOver(attacker), look)
