import { quoted } from "../../catalog/relation.js"
import { type Ground, onEveryTable } from "../../probe/ground.js"
import { isShut } from "../../probe/shut.js"
import { defineProbe } from "../../run/check.js"

export const probe = defineProbe({
  code: "WKC028",
  title: "A tenant can attach code to what other tenants write",
  severity: "leak",
  cwe: "CWE-732",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:N",
  run: async (scene, record) => await onEveryTable(scene, record, attach),
})

const spy =
  "create function pg_temp.wk_trigger() returns trigger language plpgsql as 'begin raise notice ''%'', new; return new; end'"

/** A trigger runs in everybody's session and sees every new row. */
async function attach({ scene, record, relation, label, attacker, rights }: Ground): Promise<void> {
  record.probe(label)
  // What it may do is read from its grants; that some are seen shows that they are read.
  if (rights.select.length + rights.insert.length > 0 || (await isShut(scene, attacker, relation))) record.control()
  if (!rights.trigger || rights.owner) return
  const attack = `create trigger wk_trigger before insert or update on ${quoted(relation)} for each row execute function pg_temp.wk_trigger()`
  const { created, error } = await attacker.act(async (tx) => {
    const made = await tx.keep(spy)
    return { created: made.error, error: (await tx.attempt(attack)).error }
  })
  if (error?.code === "55P03") return
  const works = created === undefined && error === undefined
  record.found({
    object: label,
    message: works
      ? `Tenant ${attacker.name} may create a trigger here; it runs whenever another tenant writes, and sees the row.`
      : `The application may create triggers here; only the lack of a function to call keeps it from seeing other tenants' rows.`,
    evidence: works ? "CREATE TRIGGER was accepted, and rolled back" : "the privilege TRIGGER is granted",
    replay: attacker.replay(spy, attack),
    fix: `revoke trigger on ${quoted(relation)} from the application's roles;`,
    severity: works ? "leak" : "hygiene",
  })
}
