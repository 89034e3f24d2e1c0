import { quoteIdent } from "@wardkeep/core"
import { z } from "zod"
import { readRows } from "../../catalog/catalog.js"
import { labelOf, quoted, type Relation } from "../../catalog/relation.js"
import type { Actor } from "../../database/actor.js"
import { rolledBack } from "../../database/transaction.js"
import { aimed } from "../../probe/aim.js"
import { numberOf } from "../../probe/facts.js"
import { holdsTenants } from "../../probe/ground.js"
import { defineProbe, type Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"

export const probe = defineProbe({
  code: "WKC001",
  title: "The application's login can step out of the policies",
  severity: "leak",
  cwe: "CWE-250",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H",
  run: async (scene, record) => {
    const seen = new Set<string>()
    for (const actor of scene.actors) {
      if (seen.has(actor.login)) continue
      seen.add(actor.login)
      const asItself = new Set<string>()
      for (const role of await rolesOf(scene, actor)) await become(scene, record, actor, role, asItself)
    }
  },
})

const roleRow = z.object({
  name: z.string(),
  exempt: z.boolean(),
  owns: z.boolean(),
  login: z.boolean(),
  how: z.string(),
})
type Reachable = z.output<typeof roleRow>

/** The login itself and every role that it may become, in its own session. */
async function rolesOf(scene: Scene, actor: Actor): Promise<Reachable[]> {
  const tables = scene.catalog.relations.filter(holdsTenants).map(({ oid }) => oid)
  return await rolledBack(
    actor.connection,
    async () => await readRows(actor.connection, "reachable-roles.sql", roleRow, [tables]),
  )
}

/** Stands in nobody's context and counts everybody's rows; notes what the login, which comes first, is shown as itself. */
async function become(
  scene: Scene,
  record: CheckRecord,
  actor: Actor,
  role: Reachable,
  asItself: Set<string>,
): Promise<void> {
  if (isContext(scene, role)) return
  const enter = role.login ? "set local role none" : `set local role ${quoteIdent(role.name)}`
  await rolledBack(actor.connection, async (tx) => {
    const entered = await tx.keep(enter)
    record.probe()
    if (entered.error === undefined) record.control()
    if (entered.error !== undefined) return
    const seers = new Set<string>()
    for (const relation of scene.catalog.relations.filter(holdsTenants)) {
      for (const victim of scene.actors) {
        const theirs = await scene.facts.owned(relation, victim)
        const { seen, attack } = await aimed(tx, relation, victim, theirs, counting)
        if (theirs.count === 0 || numberOf(seen.rows) === 0) continue
        // A role that shows what the login inherits anyway is no way out of the policies: the policies are at fault.
        const what = `${relation.oid} ${victim.name}`
        if (role.login) asItself.add(what)
        else if (!role.exempt && !role.owns && asItself.has(what)) continue
        seers.add(victim.name)
        // The login itself without a context is another check's; another role is one too many if it sees two tenants.
        if (!role.exempt && !role.owns && (role.login || seers.size < 2)) continue
        return record.found({
          object: role.name,
          message: reason(actor, role),
          evidence: `${numberOf(seen.rows)} rows of tenant ${victim.name} in ${labelOf(relation)} without any context, as role ${role.name}`,
          replay: [`-- connected as ${actor.login}`, "begin;", `${enter};`, `${attack};`, "rollback;"].join("\n"),
          fix: role.login
            ? `Let the application log in as a role that owns nothing: alter role ${quoteIdent(role.name)} nosuperuser nobypassrls; and force row level security.`
            : `revoke ${quoteIdent(role.name)} from ${quoteIdent(actor.login)};`,
        })
      }
    }
  })
}

/** A role that is some tenant's context by declaration. */
const isContext = ({ actors }: Scene, { name, exempt, owns }: Reachable): boolean =>
  !exempt && !owns && actors.some(({ tenant }) => tenant.connect.role === name)

function reason(actor: Actor, { name, exempt, owns, login, how }: Reachable): string {
  const own = owns ? "it owns tables whose policies are not forced on their owner" : "its policies show every tenant"
  const what = exempt ? "policies do not apply to it" : own
  return login
    ? `The application logs in as ${name}: ${what} (${how}).`
    : `The login ${actor.login} may become ${name}: ${what} (${how}).`
}

const counting = (relation: Relation, where: string): string =>
  `select count(*) from (select from ${quoted(relation)} as wk_row where ${where} limit 1000) as q`
