import { labelOf } from "../../catalog/relation.js"
import type { Actor } from "../../database/actor.js"
import { readIn, roleStatements } from "../../probe/context-state.js"
import { defineProbe, type Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"

export const probe = defineProbe({
  code: "WKC030",
  title: "Rows are shown to a session that is in nobody's context",
  severity: "leak",
  cwe: "CWE-636",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N",
  run: async (scene, record) => {
    const { actors } = scene
    // A login is itself a context where nothing else is: such a tenant cannot be without one.
    const told = actors.filter(({ tenant }) => isTold(tenant))
    // A pool's login that takes a tenant's role, and is in nobody's before.
    const roled = actors.filter(({ tenant }) => !isTold(tenant) && tenant.connect.role !== undefined)
    for (const actor of new Map(roled.map((one) => [one.login, one])).values()) {
      const isAlone = roled.every((one) => one === actor || one.login !== actor.login)
      // A login that one tenant alone has is that tenant's, by itself.
      await look(scene, record, actor, isAlone ? actors.filter((one) => one !== actor) : actors, [])
    }
    if (told.length + roled.length === 0) return record.notApplicable("the login is the context")
    for (const actor of withoutRepetition(told)) await look(scene, record, actor, actors)
  },
})

const isTold = ({ connect }: Actor["tenant"]): boolean =>
  Object.keys(connect.settings).length > 0 || connect.statements.length > 0

const withoutRepetition = (actors: readonly Actor[]): Actor[] => {
  const seen = new Set<string>()
  return actors.filter(({ login, tenant }) => {
    const id = `${login} ${tenant.connect.role ?? ""}`
    return seen.has(id) ? false : seen.add(id) !== undefined
  })
}

/** A new session, and the application's one after a tenant's transaction, where a setting is '' instead of missing. */
async function look(
  scene: Scene,
  record: CheckRecord,
  actor: Actor,
  forbidden: readonly Actor[],
  statements = roleStatements(actor),
): Promise<void> {
  const fresh = await scene.freshSession(actor)
  const login = actor.login
  try {
    const states = [
      { name: "in a new session without any context", connection: fresh },
      { name: "after a transaction of a tenant had ended", connection: actor.connection, before: [actor.replay()] },
    ]
    for (const state of states) {
      await readIn(scene, record, { ...state, login, statements, forbidden }, (relation) => ({
        message: "A session that nobody told whose it is shows rows: a forgotten context leaks instead of failing.",
        fix: `Let the policies of ${labelOf(relation)} refuse a missing and an empty context, and remove any default: alter role ${login} reset all; alter database … reset all.`,
      }))
    }
  } finally {
    await fresh.close()
  }
}
