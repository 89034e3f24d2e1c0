import { quoted } from "../../catalog/relation.js"
import { type Ground, onEveryTable } from "../../probe/ground.js"
import { isShut } from "../../probe/shut.js"
import { defineProbe } from "../../run/check.js"

export const probe = defineProbe({
  code: "WKC027",
  title: "A tenant can empty the table of all tenants",
  severity: "leak",
  cwe: "CWE-732",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:N/I:H/A:H",
  run: async (scene, record) => await onEveryTable(scene, record, truncate),
})

/** TRUNCATE asks no policy. It is undone, and waits half a second at most for its lock. */
async function truncate({ scene, record, relation, label, attacker, rights }: Ground): Promise<void> {
  record.probe(label)
  // What it may do is read from its grants; that some are seen shows that they are read.
  if (rights.select.length + rights.insert.length > 0 || (await isShut(scene, attacker, relation))) record.control()
  if (!rights.truncate || rights.owner) return
  for (const attack of [`truncate ${quoted(relation)}`, `truncate ${quoted(relation)} cascade`]) {
    const { error } = await attacker.act(async (tx) => await tx.attempt(attack))
    if (error?.code === "55P03") return
    if (error !== undefined) continue
    return record.found({
      object: label,
      message: `Tenant ${attacker.name} may TRUNCATE the table: the rows of every tenant are gone, whatever the policies say.`,
      evidence: "TRUNCATE was accepted, and rolled back",
      replay: attacker.replay(attack),
      fix: `revoke truncate on ${quoted(relation)} from the application's roles;`,
    })
  }
}
