import { quoted, type Relation } from "../catalog/relation.js"
import { tellingText } from "../database/outcome.js"
import type { Scene } from "../run/check.js"
import { toldWords } from "./own-words.js"
import type { Pair } from "./pair.js"
import { shownOf } from "./search.js"

/** Rows that are read back of one table. */
const readLimit = 2000
/** Each is read again after every write or call. */
const mostTables = 4

export interface Look {
  readonly table: Relation
  readonly look: string
}

const known = new WeakMap<Scene["catalog"], Map<string, Promise<Look | undefined>>>()

/** What the attacker may read of the first of these tables in which that holds nothing of the victim's before anything is done. */
export async function shutLooks(scene: Scene, pair: Pair, tables: readonly Relation[]): Promise<Look[]> {
  const looks = known.get(scene.catalog) ?? new Map<string, Promise<Look | undefined>>()
  known.set(scene.catalog, looks)
  const found: Look[] = []
  for (const table of tables) {
    const id = `${pair.attacker.name} ${pair.victim.name} ${table.oid}`
    const one = looks.get(id) ?? lookAt(scene, pair, table)
    looks.set(id, one)
    const look = await one
    if (look !== undefined) found.push(look)
    if (found.length === mostTables) break
  }
  return found
}

async function lookAt(scene: Scene, pair: Pair, table: Relation): Promise<Look | undefined> {
  const { select, owner } = await scene.rights.of(pair.attacker, table)
  if (select.length === 0 && !owner) return undefined
  // The newest rows may stand behind thousands of others.
  const look = `select ${await shownOf(scene, pair, table)}::text as row from ${quoted(table)} as wk_row order by wk_row.ctid desc limit ${readLimit}`
  return (await isStillShut(scene, pair, look)) ? { table, look } : undefined
}

/** Whether it shows nothing of the victim's by itself: where others work meanwhile, a row may have come that is none of ours. */
export async function isStillShut(scene: Scene, pair: Pair, look: string): Promise<boolean> {
  const seen = await pair.attacker.act(async (tx) => await tx.attempt(look))
  return seen.error === undefined && (await toldWords(scene, pair, "", tellingText(seen))) === undefined
}
