import { randomBytes } from "node:crypto"
import type { CheckInfo } from "../run/check.js"
import type { CheckRecord } from "../run/check-record.js"
import type { Stage } from "./stage.js"

export const info: CheckInfo = {
  code: "WKC302",
  title: "The application's login makes a replication slot and reads every tenant's changes",
  severity: "leak",
  cwe: "CWE-269",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:L",
}

/** Temporary slots only: a slot that stays keeps the server from removing its log. */
const kinds = [
  ["logical", (name: string) => `select pg_create_logical_replication_slot('${name}', 'test_decoding', true)`],
  ["physical", (name: string) => `select pg_create_physical_replication_slot('${name}', false, true)`],
] as const

export async function replicationSlot(stage: Stage, record: CheckRecord): Promise<void> {
  const seen = new Set<string>()
  for (const actor of stage.scene.actors) {
    if (seen.has(actor.login)) continue
    seen.add(actor.login)
    stage.step(actor.login)
    for (const [kind, statement] of kinds) {
      const session = await stage.scene.freshSession(actor)
      try {
        const sql = statement(`wardkeep_drill_${randomBytes(4).toString("hex")}`)
        const { error } = await session.run(sql)
        record.probe()
        // 42501 is the permission; any other refusal comes after it, such as 55000 for a wal_level that is too low.
        if (error?.code === "42501") {
          record.control()
          continue
        }
        record.found({
          object: `role ${actor.login}`,
          severity: error === undefined ? "leak" : "hygiene",
          message: "The application's login may copy the server's change log, in which the rows of every branch stand.",
          evidence:
            error === undefined
              ? `a ${kind} slot was made`
              : `a ${kind} slot was refused only because of ${error.code}`,
          replay: `-- connected as ${actor.login}\n${sql};`,
          fix: `alter role ${actor.login} noreplication;`,
        })
      } finally {
        await session.close()
      }
    }
  }
}
