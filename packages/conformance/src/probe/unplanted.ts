import { labelOf, type Relation } from "../catalog/relation.js"
import { eachInTurn } from "../database/each-in-turn.js"
import type { Scene } from "../run/check.js"
import type { CheckRecord } from "../run/check-record.js"
import { agreedBy } from "./agreed.js"
import type { Pair } from "./pair.js"

/**
 * Says of tables in which the victim could write nothing what to grant. Where it has rows today, those were looked for; where it
 * has none, nothing of such a table was.
 */
export async function sayUnplanted(
  scene: Scene,
  record: CheckRecord,
  { victim }: Pick<Pair, "victim">,
  tables: readonly Relation[],
): Promise<void> {
  for (const relation of tables) {
    const guests = scene.pairs.filter((pair) => pair.victim === victim)
    const agreed = await eachInTurn(guests, async (pair) => (await agreedBy(scene, pair, relation)) !== undefined)
    const { insert, update } = await scene.rights.of(victim, relation)
    const label = labelOf(relation)
    const why =
      insert.length + update.length === 0
        ? `nothing was planted, because the login may not write there (grant insert, or update, to ${victim.tenant.connect.role ?? victim.login} if the application does)`
        : agreed.includes(true)
          ? "nothing was planted, because its rows are open to another tenant as agreed, or the server refused every other one"
          : "nothing was planted, because the server refused every row and change that was made up; give each tenant rows there"
    const { count } = await scene.facts.owned(relation, victim)
    if (count === 0) record.notTried(label, why)
    else record.leftOut(label, why)
  }
}
