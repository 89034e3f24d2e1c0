import { quoted, type Relation } from "../../catalog/relation.js"
import type { Actor } from "../../database/actor.js"
import type { Transaction } from "../../database/transaction.js"
import { agreedBy } from "../../probe/agreed.js"
import { aims } from "../../probe/aim.js"
import type { Owned } from "../../probe/facts.js"
import { type Ground, holdsTenants, isTenantView, onEveryTable } from "../../probe/ground.js"
import { defineProbe } from "../../run/check.js"
import { type Form, formsOf } from "./ways.js"

export const probe = defineProbe({
  code: "WKC021",
  title: "A statement other than a plain SELECT reads rows of another tenant",
  severity: "leak",
  cwe: "CWE-639",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N",
  run: async (scene, record) =>
    await onEveryTable(scene, record, read, (relation) => holdsTenants(relation) || isTenantView(relation)),
})

async function read(ground: Ground): Promise<void> {
  const { record, label, relation, attacker, victim, theirs, mine, rights } = ground
  if (theirs.count === 0 || rights.select.length === 0) return
  const mayLock = rights.update.length > 0
  const { shown, own } = await attacker.act(async (tx) => ({
    shown: await answered(tx, relation, victim, theirs, mayLock),
    own: await answered(tx, relation, attacker, mine, mayLock),
  }))
  record.probe(label)
  if (own.length > 0) record.control()
  const [first] = shown
  // WKC020 says so.
  if (first === undefined || (await agreedBy(ground.scene, ground, relation)) !== undefined) return
  record.found({
    object: label,
    message: `Tenant ${attacker.name} reads rows of tenant ${victim.name}.`,
    evidence: `rows of tenant ${victim.name} came by ${shown.map(({ name }) => name).join(", ")} in the context of tenant ${attacker.name}`,
    replay: attacker.replay(...first.statements),
    fix: `Compare the tenant with the context in every policy of ${label}; alter table ${quoted(relation)} enable row level security, force row level security.`,
  })
}

/** Forms that returned rows of that owner. The next aim is taken where every form is refused. */
async function answered(
  tx: Transaction,
  relation: Relation,
  owner: Actor,
  owned: Owned,
  mayLock: boolean,
): Promise<Form[]> {
  for (const where of aims(relation, owner, owned)) {
    const forms = formsOf(relation, where, mayLock)
    const together = await tx.attemptAll(forms.flatMap(({ statements }) => statements))
    if (together !== undefined) return forms.filter((form, place) => (together[lastOf(forms, place, form)] ?? 0) > 0)
    const alone = await oneByOne(tx, forms)
    if (alone !== undefined) return alone
  }
  return []
}

/** Where the answer of a form stands among those of all statements. */
const lastOf = (forms: readonly Form[], place: number, { answer }: Form): number =>
  forms.slice(0, place).reduce((sum, { statements }) => sum + statements.length, answer)

/** Undefined where all are refused. */
async function oneByOne(tx: Transaction, forms: readonly Form[]): Promise<Form[] | undefined> {
  const shown: Form[] = []
  let refused = 0
  for (const form of forms) {
    const counts = await tx.attemptAll(form.statements)
    if (counts === undefined) refused++
    else if ((counts[form.answer] ?? 0) > 0) shown.push(form)
  }
  return refused === forms.length ? undefined : shown
}
