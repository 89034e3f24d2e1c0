import { quoteIdent } from "@wardkeep/core"
import { z } from "zod"
import { readRows } from "../catalog/catalog.js"
import type { Actor } from "../database/actor.js"
import { rolledBack } from "../database/transaction.js"
import type { CheckInfo } from "../run/check.js"
import type { CheckRecord } from "../run/check-record.js"
import type { Stage } from "./stage.js"

export const info: CheckInfo = {
  code: "WKC301",
  title: "DROP OWNED by the application takes policies away (CVE-2026-116311)",
  severity: "leak",
  cwe: "CWE-862",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:N",
}

const row = z.object({
  schema: z.string(),
  table: z.string(),
  name: z.string(),
  permissive: z.boolean(),
  roles: z.array(z.string()).nullable(),
})

/**
 * Below 18.7, 17.12, 16.16 and 15.20 a role takes itself out of other people's policies with DROP OWNED BY: a restrictive
 * policy that names it no longer applies to it. Tried in a transaction that is rolled back even here, because DROP OWNED
 * also revokes what the role was granted on other databases of the server.
 */
export async function dropOwned(stage: Stage, record: CheckRecord): Promise<void> {
  for (const actor of loginsOf(stage.scene.actors)) {
    const session = await stage.scene.freshSession(actor)
    try {
      for (const role of rolesOf(stage.scene.actors, actor)) {
        stage.step(role)
        await attack(stage, record, { actor, role, session })
      }
    } finally {
      await session.close()
    }
  }
}

interface Attack {
  readonly actor: Actor
  readonly role: string
  readonly session: Awaited<ReturnType<Stage["scene"]["freshSession"]>>
}

async function attack({ target }: Stage, record: CheckRecord, { actor, role, session }: Attack): Promise<void> {
  const read = async () =>
    await readRows(session, "drill/policies.sql", row, [target.schemas.length === 0 ? null : target.schemas])
  const set = role === actor.login ? [] : [`set local role ${quoteIdent(role)}`]
  const statement = `drop owned by ${quoteIdent(role)}`
  const { before, after, error } = await rolledBack(session, async (tx) => {
    for (const one of set) await tx.keep(one)
    const policies = await read()
    const outcome = await tx.keep(statement)
    return { before: policies, after: await read(), error: outcome.error }
  })
  record.probe()
  if (error === undefined) record.control()
  for (const policy of before) {
    const now = after.find(
      ({ schema, table, name }) => schema === policy.schema && table === policy.table && name === policy.name,
    )
    const kept = now !== undefined && (policy.roles ?? []).every((one) => now.roles?.includes(one))
    if (kept) continue
    const object = `${policy.schema}.${policy.table}`
    record.found({
      object,
      // Without a permissive policy nothing is let through; without a restrictive one everything else is.
      severity: policy.permissive ? "hygiene" : "leak",
      ...(policy.permissive && { cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:L" }),
      message: policy.permissive
        ? `The application's login can take itself out of the rules of ${object}, and then sees nothing in it.`
        : `The application's login can take itself out of the rule that keeps branches apart in ${object}.`,
      evidence: `policy ${policy.name} named ${policy.roles?.join(", ")} before, and ${now?.roles?.join(", ") ?? "is gone"} after`,
      replay: [
        `-- connected as ${actor.login}; revokes grants too, so keep the rollback`,
        "begin;",
        ...set.map((one) => `${one};`),
        `${statement};`,
        `select polname, polroles::regrole[] from pg_policy where polrelid = '${object.replaceAll("'", "''")}'::regclass;`,
        "rollback;",
      ].join("\n"),
      fix: "Upgrade to 18.7, 17.12, 16.16 or 15.20, and make restrictive policies for PUBLIC: nobody can be taken out of those.",
    })
  }
}

function loginsOf(actors: readonly Actor[]): Actor[] {
  return actors.filter((actor, index) => actors.findIndex(({ login }) => login === actor.login) === index)
}

function rolesOf(actors: readonly Actor[], { login }: Actor): string[] {
  const roles = actors.filter((actor) => actor.login === login).flatMap(({ tenant }) => tenant.connect.role ?? [])
  return [...new Set([login, ...roles])]
}
