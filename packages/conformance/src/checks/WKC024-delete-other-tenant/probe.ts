import { quoted, type Relation } from "../../catalog/relation.js"
import { aimed, aims } from "../../probe/aim.js"
import { hitsTooMany, sparing, victimSees } from "../../probe/blind.js"
import { numberOf } from "../../probe/facts.js"
import { type Ground, holdsTenants, isTenantView, onEveryTable } from "../../probe/ground.js"
import { lookReplay } from "../../probe/picture.js"
import { isTried } from "../../probe/way.js"
import { defineProbe } from "../../run/check.js"
import { deleteWays } from "./ways.js"

export const probe = defineProbe({
  code: "WKC024",
  title: "A tenant deletes rows of another tenant",
  severity: "leak",
  cwe: "CWE-639",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:N/I:H/A:H",
  run: async (scene, record) => {
    const writable = (relation: Relation): boolean =>
      holdsTenants(relation) || isTenantView(relation) || relation.tenancy.by === "root"
    await onEveryTable(scene, record, remove, writable)
  },
})

async function remove(ground: Ground): Promise<void> {
  if (ground.theirs.count === 0 || !ground.rights.delete) return
  await aimedDelete(ground)
  await blindDelete(ground)
}

async function aimedDelete(ground: Ground): Promise<void> {
  const { scene, record, label, relation, attacker, victim, theirs, mine } = ground
  await attacker.act(async (tx) => {
    for (const { form } of deleteWays.filter((way) => isTried(way, relation, scene.serverVersion))) {
      const { seen, attack } = await aimed(tx, relation, victim, theirs, form)
      record.probe(label)
      const own = await aimed(tx, relation, attacker, mine, form)
      if (own.seen.count > 0 || own.seen.error?.code === "23503") record.control()
      if (seen.count > 0)
        return report(ground, attacker.replay(attack), `${seen.count} rows of tenant ${victim.name} were deleted`)
      // A row that is not reached cannot be what a foreign key protects.
      if (seen.error?.code === "23503")
        return report(ground, attacker.replay(attack), "the row was reached: only a foreign key refused to delete it")
    }
  })
}

/** Without WHERE no SELECT policy applies. Rows that others refer to stop it, so random parts are tried as well. */
async function blindDelete(ground: Ground): Promise<void> {
  const { record, label, relation, attacker, victim } = ground
  const before = await victimCount(ground)
  const whole = `delete from ${quoted(relation)}${sparing(relation)}`
  const part = `delete from ${quoted(relation)} where random() < 0.15`
  const result = await attacker.act(async (tx) => {
    let hit = 0
    let refused = true
    for (const attack of [whole, ...Array<string>(8).fill(part)]) {
      const { error, count } = await tx.keep(attack)
      if (error?.code === "42501") return undefined
      if (error !== undefined) continue
      refused = false
      hit += count
      if (attack === whole) break
    }
    return refused ? undefined : { hit, after: await victimSees(tx, ground) }
  })
  if (result === undefined) return
  record.probe(label)
  if (result.hit > 0) record.control()
  const gone = result.after !== undefined && before !== undefined && result.after < before
  if (gone || (await hitsTooMany(ground, result.hit))) {
    // Through a rule or a trigger the server counts none: whether they are gone is for the victim to say.
    const isCounted = result.hit > 0 || victimLook(ground) === undefined
    const replay = isCounted ? attacker.replay(whole) : lookReplay(ground, victimLook(ground) ?? "", whole)
    const evidence = `a DELETE without WHERE removed ${result.hit > 0 ? `${result.hit} rows, ` : ""}rows of tenant ${victim.name}${result.hit > 0 ? " among them" : ""}`
    report(ground, replay, evidence)
  }
}

async function victimCount(ground: Ground): Promise<number | undefined> {
  const look = victimLook(ground)
  if (look === undefined) return undefined
  const { rows, error } = await ground.victim.act(async (tx) => await tx.attempt(look))
  return error === undefined ? numberOf(rows) : undefined
}

function victimLook({ relation, victim, theirs }: Ground): string | undefined {
  const where = aims(relation, victim, theirs)[0]
  return where && `select count(*) from ${quoted(relation)} as wk_row where ${where}`
}

function report({ record, label, attacker, victim }: Ground, replay: string, evidence: string): void {
  record.found({
    object: label,
    message: `Tenant ${attacker.name} deletes rows of tenant ${victim.name}.`,
    evidence: `${evidence} in the context of tenant ${attacker.name}`,
    replay,
    fix: `Give every DELETE policy of ${label} a USING that compares the tenant with the context; a restrictive policy FOR ALL TO PUBLIC covers every command.`,
  })
}
