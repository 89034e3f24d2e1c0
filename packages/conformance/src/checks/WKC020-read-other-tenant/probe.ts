import { labelOf, quoted, type Relation } from "../../catalog/relation.js"
import { agreedBy, agreedWords } from "../../probe/agreed.js"
import { aimed } from "../../probe/aim.js"
import { numberOf } from "../../probe/facts.js"
import { type Ground, holdsTenants, onEveryTable } from "../../probe/ground.js"
import { countRows } from "../../probe/reach.js"
import { isShut } from "../../probe/shut.js"
import { defineProbe } from "../../run/check.js"
import { readLinked } from "./linked.js"
import { readUnnamed } from "./unnamed.js"

export const probe = defineProbe({
  code: "WKC020",
  title: "A tenant reads rows of another tenant",
  severity: "leak",
  cwe: "CWE-639",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N",
  run: async (scene, record) => {
    const readable = (relation: Relation): boolean =>
      holdsTenants(relation) || (relation.tenancy.by === "root" && relation.rls)
    await onEveryTable(scene, record, read, readable)
    await readLinked(scene, record)
  },
})

/** No row of another tenant was shown where none of its own is either: a refusal of everything looks the same. */
function sayUnproven({ record, label, attacker, mine, rights }: Ground): void {
  if (rights.select.length === 0) return
  const why =
    mine.count === 0
      ? `tenant ${attacker.name} has no row there, so that it is shown none of another tenant's proves little; give it one`
      : `tenant ${attacker.name} is shown none of its own rows there, so that it is shown none of another tenant's proves little`
  record.leftOut(label, why)
}

async function read(ground: Ground): Promise<void> {
  const { scene, record, relation, label, attacker, victim, theirs, mine } = ground
  await readUnnamed(ground)
  if (theirs.count === 0) return
  const { seen, own, attack } = await attacker.act(async (tx) => {
    const attempt = await aimed(tx, relation, victim, theirs, countRows)
    return { ...attempt, own: (await aimed(tx, relation, attacker, mine, countRows)).seen }
  })
  record.probe(label)
  if (numberOf(own.rows) > 0 || (await isShut(scene, attacker, relation))) record.control()
  const n = numberOf(seen.rows)
  if (n === 0 && numberOf(own.rows) === 0) return sayUnproven(ground)
  if (n === 0) return
  const agreed = await agreedBy(scene, ground, relation)
  if (agreed !== undefined) return record.leftOut(label, agreedWords(ground, agreed))
  record.found({
    object: label,
    message: `Tenant ${attacker.name} reads rows of tenant ${victim.name}.`,
    evidence: `${n} rows of tenant ${victim.name} were counted in the context of tenant ${attacker.name}`,
    replay: attacker.replay(attack),
    fix: `Compare the tenant with the context in every policy of ${labelOf(relation)}; alter table ${quoted(relation)} enable row level security, force row level security.`,
  })
}
