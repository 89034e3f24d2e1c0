import { quoteIdent } from "@wardkeep/core"
import { quoted } from "../catalog/relation.js"
import { aims } from "./aim.js"
import { harmlessColumn } from "./blind.js"
import { changes } from "./changes.js"
import { openRange } from "./fresh.js"
import type { Ground } from "./ground.js"
import { insertStatement } from "./insertion.js"
import { ownRow } from "./natural-key.js"

/** A copy, one that goes on without an end, a change that changes nothing, a real one of each column, and a deletion, of the attacker's own rows. */
export async function ownWrites(ground: Ground): Promise<string[]> {
  const { scene, relation, rights, attacker, mine } = ground
  const insert = insertStatement({ relation, rights, like: ownRow(ground), set: {} })
  const goesOn = relation.columns.flatMap((one) => {
    const range = one.generated ? undefined : openRange(one)
    const row = range && insertStatement({ relation, rights, like: ownRow(ground), set: { [one.name]: range } })
    return row === undefined ? [] : [row]
  })
  const own = mine.count > 0 ? aims(relation, attacker, mine)[0] : undefined
  const column = harmlessColumn(ground)
  const name = column === undefined ? undefined : quoteIdent(column.name)
  return [
    ...(insert === undefined ? [] : [insert]),
    ...goesOn,
    ...(own === undefined || name === undefined
      ? []
      : [`update ${quoted(relation)} as wk_row set ${name} = wk_row.${name} where ${own}`]),
    // A trigger may act only on a change that is one: WHEN (old.status is distinct from new.status).
    ...(own === undefined
      ? []
      : (await changes(scene, relation, rights)).map(
          (set) => `update ${quoted(relation)} as wk_row set ${set} where ${own}`,
        )),
    ...(own === undefined || !rights.delete ? [] : [`delete from ${quoted(relation)} as wk_row where ${own}`]),
  ]
}
