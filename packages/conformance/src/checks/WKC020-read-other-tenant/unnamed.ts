import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { holdsKey } from "../../catalog/key-text.js"
import { quoted } from "../../catalog/relation.js"
import { belongsTo } from "../../catalog/whose.js"
import type { Actor } from "../../database/actor.js"
import { numberOf } from "../../probe/facts.js"
import type { Ground } from "../../probe/ground.js"
import { countRows } from "../../probe/reach.js"

/** Rows in which a key that nobody names is looked for. */
const rowLimit = 20_000

/**
 * Rows of tenants that the target does not name, found by the reader whom no policy stops. What every tenant is shown is
 * meant for all; what one is shown is either its own, and its keys are incomplete, or a leak: that is for a person to say.
 */
export async function readUnnamed(ground: Ground): Promise<void> {
  const { scene, record, relation, label, attacker, victim, theirs } = ground
  const { tenancy } = relation
  const isFirst = scene.pairs.find((pair) => pair.attacker === attacker)?.victim === victim
  if (tenancy.by !== "column" || tenancy.column.category === "A" || !isFirst || theirs.seenBy !== "reader") return
  const named = scene.actors.flatMap(({ keys }) => keys)
  const column = `wk_row.${quoteIdent(tenancy.column.name)}`
  const { rows } = await scene.facts.ask(
    `select distinct key from (select ${column}::text as key from ${quoted(relation)} as wk_row limit ${rowLimit}) as q where key is not null and key <> all (array[${named.map(quoteLiteral).join(", ")}]::text[]) order by key limit 20`,
  )
  const keys = rows.map(({ key }) => String(key)).filter((key) => !isOwn(attacker, key))
  if (keys.length === 0) return
  const where = belongsTo(relation, "wk_row", keys)
  const attack = countRows(relation, where)
  const n = await attacker.act(async (tx) => numberOf((await tx.attempt(attack)).rows))
  // Tried, and no row was reached: rows that were seen must not count as that.
  if (n === 0) return record.probe(label)
  const shownTo = async (actor: Actor): Promise<Set<string>> => {
    const sql = `select distinct ${column}::text as key from ${quoted(relation)} as wk_row where ${where}`
    return await actor.act(async (tx) => new Set((await tx.attempt(sql)).rows.map(({ key }) => String(key))))
  }
  const shown = [...(await shownTo(attacker))]
  let isForAll = true
  for (const actor of scene.actors.filter((one) => one !== attacker && isForAll)) {
    const theirs = await shownTo(actor)
    isForAll = shown.every((key) => theirs.has(key))
  }
  if (isForAll) {
    return record.leftOut(
      label,
      "rows of tenants that the target does not name are shown to every tenant; name two of those",
    )
  }
  record.found({
    object: label,
    verdict: "INCONCLUSIVE",
    message: `Tenant ${attacker.name} reads rows of tenants that the target does not name, and another tenant does not.`,
    evidence: `${n} rows with none of the keys of tenant ${attacker.name} were counted in its context; if they are its own, add the keys to it in the target`,
    replay: attacker.replay(attack),
    fix: `Compare the tenant with the context in every policy of ${label}, or add the other keys to tenant ${attacker.name} in the target.`,
  })
}

/** Its context says so, or the key is a path below its own: `1/3` is below `1`, and `13` is not. */
const isOwn = (actor: Actor, key: string): boolean =>
  holdsKey(actor.contextStatements().join("\n"), [key]) ||
  actor.keys.some((own) => own !== "" && key.startsWith(own) && !/^[\p{L}\p{N}]/u.test(key.slice(own.length)))
