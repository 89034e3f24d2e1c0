import { quoteIdent } from "@wardkeep/core"
import type { Column } from "../../catalog/relation.js"
import { visibleText } from "../../database/outcome.js"
import { type Ground, onEveryTable } from "../../probe/ground.js"
import { insertStatement, literalOf } from "../../probe/insertion.js"
import { ownRow } from "../../probe/natural-key.js"
import { knownWords } from "../../probe/words.js"
import { defineProbe, type Scene } from "../../run/check.js"

export const probe = defineProbe({
  code: "WKC047",
  title: "A trigger fills a tenant's row with what belongs to another",
  severity: "leak",
  cwe: "CWE-668",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N",
  run: async (scene, record) => {
    const triggered = new Set(await tablesWithTriggers(scene))
    await onEveryTable(scene, record, ask, ({ oid, tenancy }) => triggered.has(oid) && tenancy.by === "column")
  },
})

async function tablesWithTriggers({ reader }: Scene): Promise<string[]> {
  const rows = await reader.rowsInTime(
    "select distinct tgrelid::text as oid from pg_catalog.pg_trigger where not tgisinternal",
  )
  return (rows ?? []).map(({ oid }) => String(oid))
}

/** The attacker's own row with one value of the victim's; what comes back besides is searched. */
async function ask(ground: Ground): Promise<void> {
  const { scene, record, label, relation, attacker, victim, theirs, rights } = ground
  const [row] = theirs.rows
  if (row === undefined) return
  for (const column of relation.columns.filter((one) => isAskable(ground, one)).slice(0, 12)) {
    const empty = relation.columns
      .filter(
        ({ name, notNull, generated, identity }) => name !== column.name && !notNull && !generated && identity === "",
      )
      .map(({ name, base }) => [name, `null::${base}`])
    const set = { ...Object.fromEntries(empty), [column.name]: literalOf(relation, column.name, row) }
    const shown = rights.select.map(quoteIdent).join(", ")
    const attack = insertStatement({
      relation,
      rights,
      like: ownRow(ground),
      set,
      suffix: ` returning ${shown === "" ? "1" : shown}`,
    })
    if (attack === undefined) continue
    const outcome = await attacker.act(async (tx) => await tx.attempt(attack))
    record.probe(label)
    if (outcome.error === undefined && outcome.count > 0) record.control()
    const sent = String(row.values[column.name])
    const answer = sent.length > 5 ? visibleText(outcome).replaceAll(sent, "") : visibleText(outcome)
    const hit = await knownWords(scene, { attacker, victim }, answer)
    if (hit === undefined) continue
    return record.found({
      object: label,
      message: `A trigger of this table answers tenant ${attacker.name} with what tenant ${victim.name} has.`,
      evidence: `RETURNING held a value of ${hit.place} that only tenant ${victim.name} has, sha-256 ${hit.hash}`,
      replay: attacker.replay(attack),
      fix: `Let the trigger functions of ${label} compare the tenant, or make them SECURITY INVOKER.`,
    })
  }
}

/** Values a person could know of somebody: neither the tenant nor a number of the system's own making. */
const isAskable = (
  { relation, rights, theirs }: Ground,
  { name, category, generated, identity, drawn }: Column,
): boolean =>
  (category === "S" || category === "N") &&
  !generated &&
  identity === "" &&
  !drawn &&
  rights.insert.includes(name) &&
  !(relation.tenancy.by === "column" && relation.tenancy.column.name === name) &&
  theirs.rows[0]?.values[name] !== null
