import { randomUUID } from "node:crypto"
import { type Column, labelOf } from "../../catalog/relation.js"
import type { Routine } from "../../probe/argument.js"
import type { Ground } from "../../probe/ground.js"
import { hidden } from "../../probe/hidden.js"
import { ownTexts } from "../../probe/own-words.js"
import { lookReplay, type Picture, picture } from "../../probe/picture.js"
import { signature } from "../../probe/routine.js"
import type { RowKey } from "../../probe/row-keys.js"
import { callOn, orderNaming } from "./ordering.js"

interface Worked {
  readonly seen: Picture
  readonly attack: string
}

/**
 * Says so where the victim's rows are others once an order that names one of them is worked off than once it names a row of the
 * attacker's. Compared with such an order and not with before: the same call may work off what the victim ordered itself.
 */
export async function changesTheirs(
  ground: Ground,
  column: Column,
  { home, foreign }: { readonly home: RowKey; readonly foreign: readonly RowKey[] },
  one: Routine,
): Promise<void> {
  const { record, label, attacker, victim } = ground
  if (record.findings.some(({ object }) => object === labelOf(one))) return
  const apart = victim.whyApart(attacker)
  if (apart !== undefined) {
    const why = `what its work does to rows of another tenant that an order in ${label} names could not be looked at, because ${apart}`
    return record.leftOut(signature(one), why)
  }
  const source = (await ownTexts(ground.scene, ground, one.source)).join("\n")
  const own = await afterOrder(ground, column, home, one, source)
  if (own === undefined) return
  for (const id of foreign) {
    const theirs = await afterOrder(ground, column, id, one, source)
    const look = theirs && moved(own, theirs)
    if (theirs === undefined || look === undefined) continue
    // The time of day and what is drawn are others each time.
    const again = await afterOrder(ground, column, home, one, source)
    if (again === undefined || again.seen.get(look) !== own.seen.get(look)) continue
    // Whose turn it is may go by the number itself: one that is nobody's must leave the victim's rows as one's own does.
    const other = nobodys(column)
    const none = other && (await afterOrder(ground, column, other, one, source))
    if (none !== undefined && none.seen.get(look) !== own.seen.get(look)) continue
    record.probe(labelOf(one))
    record.control()
    record.found({
      object: labelOf(one),
      message: `${signature(one)} works off a row of tenant ${attacker.name} in ${label} that names a row of tenant ${victim.name} in ${column.name}, and changes rows of tenant ${victim.name}.`,
      cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:N/I:H/A:L",
      evidence: `rows of tenant ${victim.name} were not the same after the call as after one in which the order named a row of tenant ${attacker.name}`,
      replay: lookReplay(ground, look, theirs.attack),
      fix: `Let ${signature(one)} look up what ${column.name} names together with the tenant of the row in ${label}, or give that table a foreign key that carries the tenant.`,
    })
    return
  }
}

function nobodys({ base }: Column): RowKey | undefined {
  if (base === "uuid") return { text: randomUUID(), place: "nobody" }
  return /^(integer|bigint)$/.test(base) ? { text: "2000000033", place: "nobody" } : undefined
}

const moved = (own: Worked, theirs: Worked): string | undefined =>
  [...own.seen.keys()].find((look) => theirs.seen.has(look) && own.seen.get(look) !== theirs.seen.get(look))

async function afterOrder(
  ground: Ground,
  column: Column,
  id: RowKey,
  one: Routine,
  source: string,
): Promise<Worked | undefined> {
  const { scene, attacker, victim } = ground
  const value = `${hidden(id.text, id.place)}::${column.base}`
  const insert = orderNaming(ground, column, value)
  if (insert === undefined) return undefined
  return await attacker.act(async (tx) => {
    const ordered = await tx.keep(insert)
    if (ordered.error !== undefined || ordered.count === 0) return undefined
    const call = await callOn(tx, ground, one, column, value)
    if (call === undefined || (await tx.keep(call)).error !== undefined) return undefined
    if (!(await victim.takeOver(tx, attacker))) return undefined
    return { seen: await picture(scene, tx, victim, source), attack: `${insert};\n${call}` }
  })
}
