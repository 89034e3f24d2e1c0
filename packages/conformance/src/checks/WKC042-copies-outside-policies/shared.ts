import { isTable, labelOf, quoted, type Relation } from "../../catalog/relation.js"
import { numberOf } from "../../probe/facts.js"
import type { Pair } from "../../probe/pair.js"
import { canaryPrefix, plantInto } from "../../probe/plant.js"
import type { Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"

/**
 * A table that the target calls global is everybody's to read. Where a tenant may write words of its own into it, they are
 * everybody's too: a remark about a patient in the list of drugs. A list that no tenant writes is clean.
 */
export async function writtenByTenants(scene: Scene, record: CheckRecord, pair: Pair): Promise<void> {
  const { attacker, victim } = pair
  if (attacker.whyApart(victim) !== undefined || victim.whyApart(attacker) !== undefined) return
  for (const relation of scene.catalog.relations.filter((one) => isTable(one) && one.tenancy.by === "global")) {
    const rights = await scene.rights.of(victim, relation)
    if (rights.insert.length + rights.update.length === 0) continue
    scene.step(labelOf(relation))
    await tried(scene, record, pair, relation)
  }
}

async function tried(scene: Scene, record: CheckRecord, { attacker, victim }: Pair, relation: Relation): Promise<void> {
  const label = labelOf(relation)
  const rights = await scene.rights.of(victim, relation)
  const [sample] = await scene.facts.sample(relation, "true", 1)
  const place = relation.kind === "r" ? sample?.place.slice(sample.place.indexOf(" ") + 1) : undefined
  const where = place === undefined ? undefined : `wk_row.ctid = '${place}'::tid`
  const prefix = canaryPrefix()
  const attack = `select count(*) from ${quoted(relation)} as wk_row where strpos(wk_row::text, '${prefix}') > 0`
  await victim.act(async (tx) => {
    const statements = await plantInto(tx, relation, rights, where, prefix)
    if (statements.length === 0 || !(await attacker.takeOver(tx, victim))) return
    const { rows, error } = await tx.attempt(attack)
    record.probe(label)
    if (error !== undefined) return
    record.control()
    if (numberOf(rows) === 0) return
    record.found({
      object: label,
      message: `The target calls this table global, and what tenant ${victim.name} writes into it tenant ${attacker.name} reads.`,
      evidence: `${numberOf(rows)} rows hold a canary that tenant ${victim.name} wrote there`,
      replay: attacker.replay(
        attack,
        ...victim.takingOver(attacker),
        ...statements,
        ...attacker.takingOver(victim),
        attack,
      ),
      fix: `Revoke insert and update on ${quoted(relation)} from the application, and keep each tenant's own words in a table with the tenant column and its policies.`,
    })
  })
}
