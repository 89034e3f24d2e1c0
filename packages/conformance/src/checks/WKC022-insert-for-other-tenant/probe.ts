import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import type { Relation } from "../../catalog/relation.js"
import type { Transaction } from "../../database/transaction.js"
import { aims } from "../../probe/aim.js"
import { type Ground, holdsTenants, isTenantView, onEveryTable } from "../../probe/ground.js"
import { insertStatement, referencesOf } from "../../probe/insertion.js"
import { defineProbe } from "../../run/check.js"

export const probe = defineProbe({
  code: "WKC022",
  title: "A tenant writes new rows into another tenant",
  severity: "leak",
  cwe: "CWE-639",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:N/I:H/A:N",
  run: async (scene, record) =>
    await onEveryTable(scene, record, insert, (relation) => holdsTenants(relation) || isTenantView(relation)),
})

async function insert(ground: Ground): Promise<void> {
  const { record, relation, label, attacker, victim, rights } = ground
  if (rights.insert.length === 0) return
  const foreign = foreignValues(ground)
  if (foreign === undefined) return
  await attacker.act(async (tx) => {
    for (const like of sources(ground)) {
      const statement = (suffix: string) => insertStatement({ relation, rights, like, set: foreign, suffix })
      const attack = statement("")
      if (attack === undefined) continue
      const { error, count } = await tx.attempt(attack)
      if (error === undefined && count === 0) continue
      record.probe(label)
      // The policy is asked before any constraint: only its refusal, or success, says something.
      if (error?.code === "42501") return record.control()
      if (error !== undefined) continue
      record.control()
      if (!(await landedAtVictim(tx, ground, statement))) return
      return record.found({
        object: label,
        message: `Tenant ${attacker.name} puts a row into the data of tenant ${victim.name}.`,
        evidence: `INSERT 0 ${count} with the tenant of ${victim.name} in the context of tenant ${attacker.name}`,
        replay: attacker.replay(attack),
        fix: `Give the INSERT policies of ${label} a WITH CHECK that compares the tenant with the context.`,
      })
    }
  })
}

/** What makes the row the victim's: its tenant column and its parents. */
function foreignValues({ relation, victim, theirs }: Ground): Record<string, string> | undefined {
  const { tenancy } = relation
  const [sample] = theirs.rows
  if (tenancy.by === "column") {
    const [key] = victim.keys
    if (key === undefined || tenancy.column.generated) return undefined
    const value = tenancy.column.category === "A" ? `array[${quoteLiteral(key)}]` : quoteLiteral(key)
    const references = sample === undefined ? {} : referencesOf(relation, sample, [tenancy.column.name])
    return { ...references, [tenancy.column.name]: `${value}::${tenancy.column.base}` }
  }
  return sample === undefined || tenancy.by !== "parent" ? undefined : referencesOf(relation, sample)
}

/** Rows to copy, the attacker's own first; at last none. */
function sources({ relation, attacker, mine }: Ground): (string | undefined)[] {
  return [...(mine.count > 0 ? aims(relation, attacker, mine).slice(0, 1) : []), undefined]
}

/** A trigger may have brought the row home. Where it cannot be read back, it is not the attacker's. */
async function landedAtVictim(
  tx: Transaction,
  { relation, rights, victim }: Ground,
  statement: (suffix: string) => string | undefined,
): Promise<boolean> {
  const attack = statement(` returning ${returned(relation)} as tenant`)
  if (attack === undefined || rights.select.length === 0) return true
  const { rows, error } = await tx.attempt(attack)
  if (error !== undefined) return true
  return relation.tenancy.by !== "column" || victim.keys.includes(textOf(rows[0]?.tenant))
}

const textOf = (value: unknown): string => String(value).replace(/^\{(.*)\}$/, "$1")

const returned = ({ tenancy }: Relation): string =>
  tenancy.by === "column" ? `${quoteIdent(tenancy.column.name)}::text` : "null"
