import { belongsTo } from "../../catalog/whose.js"
import { actionsOf } from "../../probe/actions.js"
import type { Ground } from "../../probe/ground.js"
import { insertStatement, literalOf } from "../../probe/insertion.js"
import { ownRow } from "../../probe/natural-key.js"
import { grows } from "./grows.js"

/** Of a wide table, the first ones. */
const columnLimit = 10

/**
 * Where a trigger says whose a new row is, the attacker's own row with one value of the victim's, such as the number of
 * its doctor, and without a tenant of its own. Resolves with the statement after which the victim has a row more.
 */
export async function derived(ground: Ground): Promise<string | undefined> {
  const { scene, record, label, relation, attacker, victim, theirs, rights } = ground
  const [sample] = theirs.rows
  const { tenancy } = relation
  if (sample === undefined || tenancy.by !== "column" || victim.whyApart(attacker) !== undefined) return undefined
  if (!(await actionsOf(scene)).some((one) => one.relation === relation.oid)) return undefined
  const tenant = tenancy.column.name
  // A row of the attacker's that is shared with the victim is seen by it as well, and stays the attacker's.
  const theirOwn = belongsTo(relation, "wk_row", victim.keys)
  const asked = relation.columns
    .filter(({ name, generated, identity }) => name !== tenant && !generated && identity === "")
    .filter(({ name }) => rights.insert.includes(name))
    .filter(({ name }) => sample.values[name] !== null && sample.values[name] !== undefined)
  return await attacker.act(async (tx) => {
    for (const { name } of asked.slice(0, columnLimit)) {
      const value = { [name]: literalOf(relation, name, sample) }
      for (const set of [{ ...value, [tenant]: "default" }, value]) {
        const attack = insertStatement({ relation, rights, like: ownRow(ground), set })
        if (attack === undefined) continue
        const { error, count } = await tx.attempt(attack)
        if (error !== undefined || count === 0) continue
        record.probe(label)
        if (await grows(tx, ground, async () => await tx.keep(attack), theirOwn)) return attack
      }
    }
    return undefined
  })
}
