import { type Action, actionsOf, isDefiner } from "../../probe/actions.js"
import { type Ground, holdsTenants, isTenantView, onEveryTable } from "../../probe/ground.js"
import { ownTexts } from "../../probe/own-words.js"
import { ownWrites } from "../../probe/own-writes.js"
import { difference, lookReplay, picture } from "../../probe/picture.js"
import { sharingValues } from "../../probe/sharing-values.js"
import { defineProbe } from "../../run/check.js"

export const probe = defineProbe({
  code: "WKC049",
  title: "A trigger or rule changes rows of another tenant",
  severity: "leak",
  cwe: "CWE-441",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:N/I:H/A:L",
  run: async (scene, record) => {
    const actions = await actionsOf(scene)
    const acts = (oid: string): boolean => actions.some(({ relation }) => relation === oid)
    await onEveryTable(
      scene,
      record,
      async (ground) => await writeOwn(ground, actions),
      (relation) => acts(relation.oid) && (holdsTenants(relation) || isTenantView(relation)),
    )
  },
})

async function writeOwn(ground: Ground, actions: readonly Action[]): Promise<void> {
  const { scene, record, label, relation, attacker, victim } = ground
  const here = actions.filter((one) => one.relation === relation.oid)
  const apart = victim.whyApart(attacker)
  if (apart !== undefined) {
    const why = `what triggers and rules do to another tenant's rows could not be looked at, because ${apart}`
    return here.some(isDefiner) ? record.notTried(label, why) : record.leftOut(label, why)
  }
  const acts = here.map((one) => one.source).join("\n")
  const source = (await ownTexts(scene, ground, acts)).join("\n")
  const before = await victim.act(async (tx) => await picture(scene, tx, victim, source))
  for (const attack of [...(await ownWrites(ground)), ...(await sharingValues(ground, acts, source))]) {
    const after = await attacker.act(async (tx) => {
      const { error, count } = await tx.keep(attack)
      if (error !== undefined || count === 0) return undefined
      return (await victim.takeOver(tx, attacker)) ? await picture(scene, tx, victim, source) : undefined
    })
    record.probe(label)
    if (after === undefined) continue
    record.control()
    const look = difference(before, after)
    if (look === undefined) continue
    const [first] = here
    return record.found({
      object: here.length === 1 && first !== undefined ? `${first.schema}.${first.name}` : label,
      message: `When tenant ${attacker.name} writes a row of its own into ${label}, rows of tenant ${victim.name} change.`,
      evidence: `rows of tenant ${victim.name} were not the same after one statement of tenant ${attacker.name} on its own rows; ${here.map(({ name }) => name).join(", ")} acts there`,
      replay: lookReplay(ground, look, attack),
      fix: `Let ${here.map(({ name }) => name).join(", ")} compare the tenant of the rows it writes, or run with the caller's rights.`,
    })
  }
}
