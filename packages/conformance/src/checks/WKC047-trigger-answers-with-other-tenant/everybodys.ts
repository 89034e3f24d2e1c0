import { createHash } from "node:crypto"
import { isTable, labelOf, quoted, type Relation } from "../../catalog/relation.js"
import type { Transaction } from "../../database/transaction.js"
import type { Ground } from "../../probe/ground.js"
import { ownWrites } from "../../probe/own-writes.js"
import { names } from "../../probe/policy-parts.js"
import type { Acting } from "./acting.js"

/** Rows of a table of everybody's that are compared. */
const rowLimit = 20_000

/**
 * What the attacker reads in tables of everybody's before and after the victim has written a row of its own: a trigger
 * that counts there what anybody does tells everybody of it.
 */
export async function toldByEverybodys(
  ground: Ground,
  acting: readonly Acting[],
): Promise<{ readonly object: string; readonly replay: string } | undefined> {
  const { scene, record, label, relation, attacker, victim } = ground
  const open = await readable(ground, acting)
  if (open.length === 0) return undefined
  const swapped: Ground = {
    ...ground,
    attacker: victim,
    victim: attacker,
    mine: ground.theirs,
    theirs: ground.mine,
    rights: await scene.rights.of(victim, relation),
  }
  const before = await attacker.act(async (tx) => await hashes(tx, open))
  const again = await attacker.act(async (tx) => await hashes(tx, open))
  for (const write of await ownWrites(swapped)) {
    const after = await victim.act(async (tx) => {
      const { error, count } = await tx.keep(write)
      if (error !== undefined || count === 0 || !(await attacker.takeOver(tx, victim))) return undefined
      return await hashes(tx, open)
    })
    if (after === undefined) continue
    record.probe(label)
    record.control()
    const at = open.findIndex(
      (_, place) => before[place] !== undefined && before[place] === again[place] && after[place] !== before[place],
    )
    const table = open[at]
    if (table === undefined || after[at] === undefined) continue
    const replay = attacker.replay(
      lookAt(table),
      ...victim.takingOver(attacker),
      write,
      ...attacker.takingOver(victim),
      lookAt(table),
    )
    return { object: labelOf(table), replay }
  }
  return undefined
}

/** Those that the functions name, and where they call others, all. */
async function readable({ scene, attacker }: Ground, acting: readonly Acting[]): Promise<Relation[]> {
  const source = acting.map((one) => one.source).join("\n")
  const found: Relation[] = []
  for (const relation of scene.catalog.relations) {
    const isOpen = isTable(relation) && relation.tenancy.by === "global" && relation.tuples <= rowLimit
    if (!isOpen || !names(source, relation.name)) continue
    if ((await scene.rights.of(attacker, relation)).select.length > 0) found.push(relation)
  }
  return found
}

const lookAt = (relation: Relation): string =>
  `select md5(string_agg(wk_row::text, '|' order by wk_row::text)) as hash from ${quoted(relation)} as wk_row`

async function hashes(tx: Transaction, tables: readonly Relation[]): Promise<(string | undefined)[]> {
  const seen: (string | undefined)[] = []
  for (const table of tables) {
    const { rows, error } = await tx.attempt(lookAt(table))
    seen.push(error === undefined ? createHash("sha256").update(JSON.stringify(rows)).digest("hex") : undefined)
  }
  return seen
}
