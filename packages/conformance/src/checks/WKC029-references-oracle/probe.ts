import { quoteIdent } from "@wardkeep/core"
import { columnOf, primaryKey, quoted } from "../../catalog/relation.js"
import type { Actor } from "../../database/actor.js"
import { type Ground, onEveryTable } from "../../probe/ground.js"
import { literalOf } from "../../probe/insertion.js"
import { isShut } from "../../probe/shut.js"
import { defineProbe } from "../../run/check.js"

export const probe = defineProbe({
  code: "WKC029",
  title: "A tenant can ask with a foreign key of its own whether a row exists",
  severity: "oracle",
  cwe: "CWE-203",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:L/I:N/A:N",
  run: async (scene, record) => await onEveryTable(scene, record, refer),
})

async function refer({ scene, record, relation, label, attacker, victim, theirs, rights }: Ground): Promise<void> {
  record.probe(label)
  // What it may do is read from its grants; that some are seen shows that they are read.
  if (rights.select.length + rights.insert.length > 0 || (await isShut(scene, attacker, relation))) record.control()
  const [row] = theirs.rows
  const key = primaryKey(relation)
  if (!rights.references || rights.owner || row === undefined || key === undefined) return
  const schemas = await writableSchemas(attacker)
  const columns = key.columns
    .map((name) => `${quoteIdent(name)} ${columnOf(relation, name)?.base ?? "text"}`)
    .join(", ")
  const list = key.columns.map(quoteIdent).join(", ")
  const values = key.columns.map((name) => literalOf(relation, name, row)).join(", ")
  for (const schema of schemas) {
    const table = `${quoteIdent(schema)}.wk_refers`
    const create = `create table ${table} (${columns}, foreign key (${list}) references ${quoted(relation)} (${list}))`
    const ask = `insert into ${table} values (${values})`
    const accepted = await attacker.act(async (tx) => {
      if ((await tx.keep(create)).error !== undefined) return false
      return (await tx.attempt(ask)).error === undefined
    })
    if (!accepted) continue
    return record.found({
      object: label,
      message: `Tenant ${attacker.name} learns whether a row of tenant ${victim.name} exists, and keeps it from being deleted.`,
      evidence: `a foreign key of a new table in ${schema} accepted a row of tenant ${victim.name}`,
      replay: attacker.replay(create, ask),
      fix: `revoke references on ${quoted(relation)} from the application's roles; revoke create on schema ${quoteIdent(schema)} from them;`,
    })
  }
}

async function writableSchemas(actor: Actor): Promise<string[]> {
  const { rows } = await actor.act(
    async (tx) =>
      await tx.attempt(
        "select nspname as name from pg_catalog.pg_namespace where nspname !~ '^pg_' and pg_catalog.has_schema_privilege(oid, 'CREATE')",
      ),
  )
  return rows.map(({ name }) => String(name))
}
