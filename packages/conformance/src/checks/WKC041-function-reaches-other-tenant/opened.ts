import { quoteLiteral } from "@wardkeep/core"
import { labelOf, type Relation } from "../../catalog/relation.js"
import type { Actor } from "../../database/actor.js"
import type { Routine } from "../../probe/argument.js"
import { isHanded } from "../../probe/handed.js"
import { tenantTablesIn } from "../../probe/only-theirs.js"
import { ownTexts, toldBeyondAsked } from "../../probe/own-words.js"
import type { Pair } from "../../probe/pair.js"
import { names, policyTables } from "../../probe/policy-parts.js"
import { closedTables, reached } from "../../probe/reach.js"
import { callText } from "../../probe/routine.js"
import { plainName } from "../../probe/row-keys.js"
import { isStillShut, shutLooks } from "../../probe/shut-looks.js"
import { isMeantFor } from "../../probe/their-keys.js"
import type { Scene } from "../../run/check.js"

/** Of the victim's, in which its rows are looked for after each call. */
const mostTables = 4

interface Opened {
  readonly evidence: string
  readonly replay: string
}

/**
 * What the attacker is shown after the call in tables where it was shown nothing of the victim's before: rows copied into its
 * own, or the victim's, where the call wrote into what policies go by, such as the session that says which branch one works in.
 */
export async function openedBy(
  scene: Scene,
  pair: Pair,
  one: Routine,
  values: readonly string[],
): Promise<Opened | undefined> {
  const { attacker, victim } = pair
  const attack = callText(one, values)
  if (
    !one.definer ||
    (await asksWithSecret(scene, one, values, attacker)) ||
    (await isAnyMeant(scene, pair, one.source))
  )
    return undefined
  const source = (await ownTexts(scene, pair, one.source)).join("\n")
  const looks = await shutLooks(scene, pair, tenantTablesIn(scene, source))
  const closed = await closedBehind(scene, pair, source)
  if (looks.length + closed.length === 0) return undefined
  const opened = await attacker.act(async (tx): Promise<(Opened & { look?: string }) | undefined> => {
    if ((await tx.keep(attack)).error !== undefined) return undefined
    for (const { table, look } of looks) {
      const hit = await toldBeyondAsked(scene, pair, source, attack, await tx.attempt(look))
      if (hit === undefined) continue
      const evidence = `after the call ${labelOf(table)} showed tenant ${attacker.name} a value of ${hit.place} that only tenant ${victim.name} has, sha-256 ${hit.hash}`
      return { evidence, replay: attacker.replay(attack, look), look }
    }
    const found = await reached(scene, tx, pair, closed)
    if (found === undefined) return undefined
    const evidence = `after the call tenant ${attacker.name} sees ${found.count} rows of tenant ${victim.name} in ${labelOf(found.relation)}`
    return { evidence, replay: attacker.replay(attack, found.attack) }
  })
  return opened?.look === undefined || (await isStillShut(scene, pair, opened.look)) ? opened : undefined
}

/** A code of the victim's is handed to one person: whoever has it was given it, and may come in with it. Its own the attacker has. */
async function asksWithSecret(
  scene: Scene,
  one: Routine,
  values: readonly string[],
  attacker: Actor,
): Promise<boolean> {
  const handed = values.filter((value, at) => {
    const columns = [...value.matchAll(/\/\*wk [\w ]*\.[\w ]*\.(\w*)/g)].map(([, column = ""]) => column)
    return isHanded(plainName(one.arguments[at]?.name ?? "")) || columns.some(isHanded)
  })
  if (handed.length === 0) return false
  const own = new Set<string>()
  for (const table of tenantTablesIn(scene, one.source))
    for (const { values: row } of (await scene.facts.owned(table, attacker)).rows)
      for (const value of Object.values(row)) own.add(quoteLiteral(String(value)))
  return !handed.every((value) => own.has(/'(?:[^']|'')*'/.exec(value)?.[0] ?? ""))
}

/** Letters to the attacker among the rows that it may reach: to be handed them is what such a function is for. */
async function isAnyMeant(scene: Scene, { attacker, victim }: Pair, source: string): Promise<boolean> {
  for (const table of tenantTablesIn(scene, source)) {
    const { rows } = await scene.facts.owned(table, victim)
    if (rows.some(({ values }) => isMeantFor(attacker, table, values))) return true
  }
  return false
}

const behind = new WeakMap<Scene["catalog"], Map<string, Promise<Relation[]>>>()

/** Tables without rows of the victim's for the attacker, one for each table that their policies read and that the text names. */
async function closedBehind(scene: Scene, pair: Pair, source: string): Promise<Relation[]> {
  const known = behind.get(scene.catalog) ?? new Map<string, Promise<Relation[]>>()
  behind.set(scene.catalog, known)
  const found = new Set<Relation>()
  for (const { relation, used } of await policyTables(scene)) {
    if (!names(source, used.name) || (await scene.facts.owned(relation, pair.victim)).count === 0) continue
    const id = `${pair.attacker.name} ${pair.victim.name} ${relation.oid}`
    const closed = known.get(id) ?? closedTables(scene, pair, [relation])
    known.set(id, closed)
    for (const one of await closed) found.add(one)
    if (found.size >= mostTables) break
  }
  return [...found]
}
