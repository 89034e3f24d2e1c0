import { createHash } from "node:crypto"
import { quoteIdent } from "@wardkeep/core"
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
  const looks = open.map(({ look }) => look)
  const before = await attacker.act(async (tx) => await hashes(tx, looks))
  for (const write of await ownWrites(swapped)) {
    const after = await victim.act(async (tx) => {
      const { error, count } = await tx.keep(write)
      if (error !== undefined || count === 0 || !(await attacker.takeOver(tx, victim))) return undefined
      return await hashes(tx, looks)
    })
    if (after === undefined) continue
    record.probe(label)
    record.control()
    // Somebody else may write there meanwhile: without the victim's row it must be as before.
    const again = await attacker.act(async (tx) => await hashes(tx, looks))
    const told = open.find(
      (_, at) =>
        before[at] !== undefined && before[at] === again[at] && after[at] !== undefined && after[at] !== before[at],
    )
    if (told === undefined) continue
    const over = attacker.takingOver(victim)
    const replay = attacker.replay(told.look, ...victim.takingOver(attacker), write, ...over, told.look)
    return { object: labelOf(told.table), replay }
  }
  return undefined
}

interface Open {
  readonly table: Relation
  readonly look: string
}

/** Those that the functions name, as far as the attacker may read them. */
async function readable({ scene, attacker }: Ground, acting: readonly Acting[]): Promise<Open[]> {
  const source = acting.map((one) => one.source).join("\n")
  const found: Open[] = []
  for (const table of scene.catalog.relations) {
    const isOpen = isTable(table) && table.tenancy.by === "global" && table.tuples <= rowLimit
    if (!isOpen || !names(source, table.name)) continue
    const { select } = await scene.rights.of(attacker, table)
    if (select.length > 0) found.push({ table, look: lookAt(table, select) })
  }
  return found
}

function lookAt(table: Relation, columns: readonly string[]): string {
  const row = `row(${columns.map((name) => `wk_row.${quoteIdent(name)}`).join(", ")})::text`
  return `select md5(string_agg(${row}, '|' order by ${row})) as hash from ${quoted(table)} as wk_row`
}

async function hashes(tx: Transaction, looks: readonly string[]): Promise<(string | undefined)[]> {
  const seen: (string | undefined)[] = []
  for (const look of looks) {
    const { rows, error } = await tx.attempt(look)
    seen.push(error === undefined ? createHash("sha256").update(JSON.stringify(rows)).digest("hex") : undefined)
  }
  return seen
}
