import { quoteIdent } from "@wardkeep/core"
import { quoted, type Relation } from "../../catalog/relation.js"
import { aims } from "../../probe/aim.js"
import { insertStatement } from "../../probe/insertion.js"
import type { Pair } from "../../probe/pair.js"
import { namingColumns, theirKeys } from "../../probe/their-keys.js"
import type { Scene } from "../../run/check.js"
import { whose } from "./own-row.js"

/**
 * Rows of the attacker's own that name the victim's rows in the table that the policy protects: a favourite, a link, an
 * order, for a policy that asks who made it and not of what.
 */
export async function namingTheirRows(
  scene: Scene,
  { attacker, victim }: Pair,
  used: Relation,
  relation: Relation,
): Promise<string[]> {
  const rights = await scene.rights.of(attacker, used)
  const mine = await scene.facts.owned(used, attacker)
  const like = mine.count > 0 ? aims(used, attacker, mine)[0] : undefined
  const tenant = like === undefined ? whose(used, attacker.keys[0]) : {}
  const places = namingColumns(used).filter(({ name }) => rights.insert.includes(name) || rights.update.includes(name))
  return (await theirKeys(scene, { attacker, victim }, places, [relation])).flatMap(({ column, value }) => {
    const insert = rights.insert.includes(column)
      ? insertStatement({ relation: used, rights, like, set: { ...tenant, [column]: value } })
      : undefined
    const update =
      like !== undefined && rights.update.includes(column)
        ? `update ${quoted(used)} as wk_row set ${quoteIdent(column)} = ${value} where ${like}`
        : undefined
    return [insert, update].filter((one) => one !== undefined)
  })
}
