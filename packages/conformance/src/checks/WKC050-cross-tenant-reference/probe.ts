import { quoteIdent } from "@wardkeep/core"
import { type Key, quoted, type Relation } from "../../catalog/relation.js"
import { tenantColumns } from "../../catalog/whose.js"
import type { Transaction } from "../../database/transaction.js"
import { aims } from "../../probe/aim.js"
import { atOnce } from "../../probe/at-once.js"
import { numberOf, type SampleRow } from "../../probe/facts.js"
import { type Ground, onEveryTable } from "../../probe/ground.js"
import { insertStatement, literalOf } from "../../probe/insertion.js"
import { countRows } from "../../probe/reach.js"
import { defineProbe } from "../../run/check.js"
import type { Found } from "../../run/check-record.js"

export const probe = defineProbe({
  code: "WKC050",
  title: "A tenant refers to a row of another tenant",
  severity: "leak",
  cwe: "CWE-639",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:L/I:H/A:L",
  run: async (scene, record) => {
    await onEveryTable(scene, record, async (ground) => {
      for (const key of ground.relation.keys.filter(({ kind }) => kind === "f")) await refer(ground, key)
    })
  },
})

/** The attacker's own row, pointed at the victim's. Foreign keys do not ask policies. */
async function refer(ground: Ground, key: Key): Promise<void> {
  const { scene, record, label, relation, attacker, victim, mine, rights } = ground
  const parent = scene.catalog.byOid(key.parent ?? "")
  if (parent === undefined || !isTenants(parent) || sharesTenant(relation, key, parent) || decides(relation, key))
    return
  const [target] = (await scene.facts.owned(parent, victim)).rows
  if (target === undefined || mine.count === 0) return
  const values = key.columns.map((name, place): [string, string] => [
    name,
    literalOf(parent, key.parentColumns?.[place] ?? "", target),
  ])
  const own = aims(relation, attacker, mine)[0]
  const like = own
  const insert = insertStatement({ relation, rights, like, set: Object.fromEntries(values) })
  const update = key.columns.every((name) => rights.update.includes(name))
    ? `update ${quoted(relation)} as wk_row set ${values.map(([name, value]) => `"${name}" = ${value}`).join(", ")} where ${own ?? "false"}`
    : undefined
  await attacker.act(async (tx) => {
    for (const attack of [insert, update]) {
      if (attack === undefined) continue
      const { error, count } = await tx.attempt(attack)
      record.probe(label)
      if (error?.code === "42501" || error?.code === "23503") record.control()
      if (error !== undefined || count === 0) continue
      record.control()
      const shown = await shownToVictim(tx, ground, { key, parent, target }, attack)
      return record.found(finding(ground, key, parent, attacker.replay(...atOnce(key), ...(shown ?? [attack])), shown))
    }
  })
}

interface Reference {
  readonly key: Key
  readonly parent: Relation
  readonly target: SampleRow
}

/**
 * The statements after which the victim is shown a row of the attacker's, because it hangs on its own row. Where the
 * attacker is shown that row too, the tenants share it, and may write about it.
 */
async function shownToVictim(
  tx: Transaction,
  { relation, attacker, victim, mine }: Ground,
  { key, parent, target }: Reference,
  attack: string,
): Promise<string[] | undefined> {
  const own = aims(relation, attacker, mine)[0]
  // What its parent says would move with it.
  if (tenantColumns(relation).length === 0 || own === undefined || attacker.connection !== victim.connection)
    return undefined
  const at = (key.parentColumns ?? []).map((name) => `wk_row.${quoteIdent(name)} = ${literalOf(parent, name, target)}`)
  const seen = await tx.attempt(countRows(parent, at.join(" and ")))
  if (seen.error === undefined && numberOf(seen.rows) > 0) return undefined
  const count = `select count(*) from ${quoted(relation)} as wk_row where ${own}`
  const before = await victim.look(async (aside) => numberOf((await aside.attempt(count)).rows))
  return await tx.undone(async () => {
    await tx.keep(attack)
    if (!(await victim.takeOver(tx, attacker))) return undefined
    const { rows } = await tx.attempt(count)
    return numberOf(rows) > before ? [attack, ...victim.takingOver(attacker), count] : undefined
  })
}

const isTenants = ({ tenancy }: Relation): boolean => ["column", "parent", "derived"].includes(tenancy.by)

/** The key carries the tenant itself, so that a parent of another tenant does not fit. */
function sharesTenant(relation: Relation, key: Key, parent: Relation): boolean {
  const [own, above] = [tenantColumns(relation), tenantColumns(parent)]
  return (
    relation.tenancy.by === parent.tenancy.by &&
    own.length > 0 &&
    own.length === above.length &&
    own.every((name, at) => {
      const place = key.columns.indexOf(name)
      return place >= 0 && key.parentColumns?.[place] === above[at]
    })
  )
}

/** This reference is what makes the row somebody's: pointing it elsewhere is another check. */
const decides = ({ tenancy }: Relation, key: Key): boolean =>
  tenancy.by === "derived"
    ? key.columns.some((name) => tenancy.columns.includes(name))
    : tenancy.by === "parent" && tenancy.key.name === key.name

const damage: Readonly<Record<string, string>> = {
  c: "When the other tenant deletes that row, this tenant's row is deleted with it.",
  n: "When the other tenant deletes that row, this tenant's row loses its reference.",
  d: "When the other tenant deletes that row, this tenant's row is changed.",
}

function finding(
  { label, relation, attacker, victim }: Ground,
  key: Key,
  parent: Relation,
  replay: string,
  shown: readonly string[] | undefined,
): Found {
  const isShown = shown !== undefined
  const effect = isShown
    ? "Among its own, the other tenant is then shown that row, which it did not write."
    : (damage[key.onDelete] ??
      "The other tenant cannot delete that row any more, and an error tells whether it exists.")
  return {
    object: label,
    message: `A row of tenant ${attacker.name} refers to a row of tenant ${victim.name} in ${parent.schema}.${parent.name}. ${effect}`,
    evidence: `foreign key ${key.name} accepted a row of tenant ${victim.name}${isShown ? `, in whose context the new row was counted` : ""}`,
    replay,
    fix: `Make the foreign key ${key.name} of ${quoted(relation)} carry the tenant: foreign key (tenant, ${key.columns.join(", ")}) references ${quoted(parent)} (tenant, ${key.parentColumns?.join(", ") ?? ""}), with a unique key there.`,
    severity: isShown || key.onDelete in damage ? "leak" : "oracle",
  }
}
