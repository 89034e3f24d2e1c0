import { quoteIdent } from "@wardkeep/core"
import type { Column, Key } from "../../catalog/relation.js"
import { harmlessColumn } from "../../probe/blind.js"
import type { SampleRow } from "../../probe/facts.js"
import { type Ground, onEveryTable } from "../../probe/ground.js"
import { insertStatement, literalOf } from "../../probe/insertion.js"
import { isScoped, isSurrogate, keyColumns, ownRow } from "../../probe/natural-key.js"
import { defineProbe } from "../../run/check.js"

export const probe = defineProbe({
  code: "WKC026",
  title: "INSERT … ON CONFLICT reaches the row of another tenant",
  severity: "leak",
  cwe: "CWE-639",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:N",
  run: async (scene, record) => {
    await onEveryTable(scene, record, async (ground) => {
      for (const key of ground.relation.keys) if (key.kind === "p" || key.kind === "u") await upsert(ground, key)
    })
  },
})

/** The victim's key again: the conflicting row may be changed, or read through an error of the WHERE (CVE-2026-120154). */
async function upsert(ground: Ground, key: Key): Promise<void> {
  const { scene, record, label, relation, attacker, victim, theirs, rights } = ground
  const names = keyColumns(relation, key)
  const [row] = theirs.rows
  const column = harmlessColumn(ground)
  if (row === undefined || column === undefined || key.hasExpression || isScoped(scene, relation, key)) return
  const told = longestText(ground, row)
  const set = Object.fromEntries(names.map((name) => [name, literalOf(relation, name, row)]))
  const name = quoteIdent(column.name)
  const target = `on conflict (${key.columns.map(quoteIdent).join(", ")}) do update set ${name} = excluded.${name}`
  const statement = (suffix: string, values = set): string | undefined =>
    insertStatement({ relation, rights, like: ownRow(ground), set: values, suffix: ` ${target}${suffix}` })
  const [mine] = ground.mine.rows
  const again = mine && statement("", Object.fromEntries(names.map((one) => [one, literalOf(relation, one, mine)])))
  const [change, spy] = [
    statement(""),
    told && statement(` where ${quoteIdent(relation.name)}.${quoteIdent(told.name)}::text::int > 0`),
  ]
  if (change === undefined && spy === undefined) return
  const surrogate = isSurrogate(relation, key, names)
  await attacker.act(async (tx) => {
    const changed = change === undefined ? undefined : await tx.attempt(change)
    const spied = spy === undefined ? undefined : await tx.attempt(spy)
    const own = again === undefined ? undefined : await tx.attempt(again)
    // Not even its own row: the statement is not granted, and no policy was asked.
    if (/^permission denied/.test(own?.error?.message ?? "")) return
    record.probe(label)
    if ((own?.count ?? 0) > 0) record.control()
    const secret = told === undefined ? "" : String(row.values[told.name])
    const isShown = secret.length > 2 && spied?.error?.code === "22P02" && spied.error.message.includes(secret)
    const isChanged = changed?.error === undefined && (changed?.count ?? 0) > 0
    if (!isShown && !isChanged) return
    record.found({
      object: surrogate && !isChanged ? "server" : label,
      message: isChanged
        ? `Tenant ${attacker.name} overwrites a row of tenant ${victim.name} by inserting its key again.`
        : `Tenant ${attacker.name} reads a row of tenant ${victim.name} in ${label} through the error of an INSERT … ON CONFLICT: a published hole of this server's version.`,
      evidence: isChanged
        ? `ON CONFLICT (${names.join(", ")}) DO UPDATE changed the row`
        : `the error held ${label}.${told?.name ?? ""} of tenant ${victim.name} (CVE-2026-120154)`,
      replay: attacker.replay((isChanged ? change : spy) ?? ""),
      fix: `Upgrade to 18.7, 17.12, 16.16, 15.20 or later; let the key ${key.name} begin with the tenant column.`,
      severity: surrogate && !isChanged && !scene.target.countServerHoles ? "hygiene" : "leak",
    })
  })
}

/** What an error would show best: the victim's longest text that is no number. */
function longestText({ relation }: Ground, { values }: SampleRow): Column | undefined {
  const tenant = relation.tenancy.by === "column" ? relation.tenancy.column.name : ""
  const texts = relation.columns.filter(
    ({ name, category }) => category === "S" && name !== tenant && /[^\d\s]/.test(String(values[name] ?? "")),
  )
  const length = ({ name }: Column): number => String(values[name]).length
  return texts.sort((a, b) => length(b) - length(a))[0]
}
