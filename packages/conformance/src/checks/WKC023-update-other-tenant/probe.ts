import { quoteIdent } from "@wardkeep/core"
import { type Column, quoted, type Relation } from "../../catalog/relation.js"
import type { Outcome } from "../../database/outcome.js"
import { aimed, aims } from "../../probe/aim.js"
import { harmlessColumn, hitsTooMany, ownValue, sparing, victimSees, writtenHere } from "../../probe/blind.js"
import { type Ground, holdsTenants, isTenantView, onEveryTable } from "../../probe/ground.js"
import { isTried } from "../../probe/way.js"
import { defineProbe } from "../../run/check.js"
import { joining } from "./joining.js"
import { takeOver } from "./take-over.js"
import { updateWays } from "./ways.js"

export const probe = defineProbe({
  code: "WKC023",
  title: "A tenant changes rows of another tenant",
  severity: "leak",
  cwe: "CWE-639",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:N/I:H/A:N",
  run: async (scene, record) => {
    const writable = (relation: Relation): boolean =>
      holdsTenants(relation) || isTenantView(relation) || relation.tenancy.by === "root"
    await onEveryTable(scene, record, update, writable)
  },
})

async function update(ground: Ground): Promise<void> {
  if (ground.theirs.count === 0 || ground.rights.update.length === 0) return
  const column =
    harmlessColumn(ground) ?? ground.relation.columns.find(({ name }) => ground.rights.update.includes(name))
  if (column === undefined) return
  await aimedUpdate(ground, column)
  await blindUpdate(ground, column)
  const taken = (await takeOver(ground)) ?? (await joining(ground))
  if (taken !== undefined) report(ground, taken.statements, taken.evidence)
}

async function aimedUpdate(ground: Ground, column: Column): Promise<void> {
  const { scene, record, label, relation, attacker, victim, theirs, mine } = ground
  await attacker.act(async (tx) => {
    for (const way of updateWays.filter((one) => isTried(one, relation, scene.serverVersion))) {
      const form = way.form(quoteIdent(column.name))
      const { seen, attack } = await aimed(tx, relation, victim, theirs, form)
      record.probe(label)
      const own = await aimed(tx, relation, attacker, mine, form)
      if (own.seen.count > 0) record.control()
      if (seen.count > 0) return report(ground, attack, `${seen.count} rows of tenant ${victim.name} were updated`)
    }
  })
}

async function blindUpdate(ground: Ground, column: Column): Promise<void> {
  const { record, label, relation, attacker, victim } = ground
  const value = ownValue(ground, column)
  if (value === undefined) return
  const attack = `update ${quoted(relation)} set ${quoteIdent(column.name)} = ${value}${sparing(relation)}`
  const hit = await attacker.act(async (tx) => {
    const outcome: Outcome = await tx.direct(attack)
    if (outcome.error !== undefined) return undefined
    const seen = await victimSees(
      tx,
      ground,
      `${writtenHere} and ${aims(relation, victim, ground.theirs)[0] ?? "false"}`,
    )
    return { count: outcome.count, theirs: seen }
  })
  if (hit === undefined) return
  record.probe(label)
  if (hit.count > 0) record.control()
  const reached = (hit.theirs ?? 0) > 0 || (await hitsTooMany(ground, hit.count))
  if (reached)
    report(
      ground,
      attack,
      `an UPDATE without WHERE changed ${hit.count} rows, rows of tenant ${victim.name} among them`,
    )
}

function report(
  { record, label, attacker, victim }: Ground,
  attack: string | readonly string[],
  evidence: string,
): void {
  record.found({
    object: label,
    message: `Tenant ${attacker.name} changes rows of tenant ${victim.name}.`,
    evidence: `${evidence} in the context of tenant ${attacker.name}`,
    replay: attacker.replay(...[attack].flat()),
    fix: `Give every UPDATE policy of ${label} a USING that compares the tenant with the context; a restrictive policy FOR ALL TO PUBLIC covers every command.`,
  })
}
