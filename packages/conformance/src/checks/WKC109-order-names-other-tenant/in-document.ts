import { labelOf, quoted, type Relation } from "../../catalog/relation.js"
import type { Routine } from "../../probe/argument.js"
import type { Ground } from "../../probe/ground.js"
import { difference, lookReplay, picture } from "../../probe/picture.js"
import { names } from "../../probe/policy-parts.js"
import { records, within } from "../../probe/record-documents.js"
import { recordShapes } from "../../probe/record-shapes.js"
import { signature } from "../../probe/routine.js"
import { callWith, staged } from "../../probe/staged.js"

const mostShapes = 3

/**
 * A line of a file that waits in a table to be taken over: what it says of whose it is, or of which row it replaces, is what the
 * tenant wrote there. Afterwards the victim looks whether its rows are still what they were. Resolves with whether they are not.
 */
export async function orderInDocument(ground: Ground, one: Routine): Promise<boolean> {
  const { scene, record, label, relation, attacker, victim, rights } = ground
  const columns = relation.columns.filter(({ name, base }) => /^jsonb?$/.test(base) && rights.insert.includes(name))
  const shapes = recordShapes(one.source).slice(0, mostShapes)
  const asked = columns.flatMap((column) =>
    shapes.filter(({ of }) => names(of, column.name)).map((shape) => ({ column, shape })),
  )
  if (asked.length === 0 || record.findings.some(({ object }) => object === labelOf(one))) return false
  const apart = victim.whyApart(attacker)
  if (apart !== undefined) {
    record.leftOut(
      signature(one),
      `what it does with a document in ${label} to another tenant's rows could not be looked at, because ${apart}`,
    )
    return false
  }
  const before = await victim.act(async (tx) => await picture(scene, tx, victim, one.source))
  for (const { column, shape } of asked) {
    for (const made of await records(scene, ground, shape, one.source)) {
      const order = await staged(scene, attacker, relation, one.source, {
        [column.name]: `${within(shape, made, undefined)}::${column.base}`,
      })
      const call = order && callWith(one, order, [])
      if (order === undefined || call === undefined) continue
      const attack = [...order.statements, call].join(";\n")
      const after = await attacker.act(async (tx) => {
        if ((await tx.keep(attack)).error !== undefined) return undefined
        return (await victim.takeOver(tx, attacker)) ? await picture(scene, tx, victim, one.source) : undefined
      })
      if (after === undefined) continue
      record.probe(labelOf(one))
      record.control()
      const look = difference(before, after)
      if (look === undefined) continue
      report(ground, relation, one, lookReplay(ground, look, attack))
      return true
    }
  }
  return false
}

function report({ record, attacker, victim }: Ground, relation: Relation, one: Routine, replay: string): void {
  record.found({
    object: labelOf(one),
    message: `${signature(one)} takes over what tenant ${attacker.name} wrote into a document in ${labelOf(relation)}, and changes rows of tenant ${victim.name}.`,
    evidence: `rows of tenant ${victim.name} were not the same after the call`,
    replay,
    fix: `Let ${signature(one)} take the tenant from the row in ${quoted(relation)} or from the context, and never from what the document says.`,
  })
}
