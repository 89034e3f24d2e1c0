import { quoteIdent } from "@wardkeep/core"
import { labelOf, quoted } from "../../catalog/relation.js"
import { rolledBack } from "../../database/transaction.js"
import { holdsTenants } from "../../probe/ground.js"
import { defineProbe } from "../../run/check.js"

export const probe = defineProbe({
  code: "WKC002",
  title: "The application's login can make itself a member of the owner",
  severity: "leak",
  cwe: "CWE-269",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H",
  run: async (scene, record) => {
    const tables = scene.catalog.relations.filter(holdsTenants)
    const owners = [...new Set(tables.map(({ owner }) => owner))]
    const sessions = new Map(scene.actors.map((actor) => [actor.login, actor.connection]))
    for (const [login, connection] of sessions) {
      for (const owner of owners.filter((one) => one !== login)) {
        // CREATEROLE reached every role that is not a superuser until PostgreSQL 15.
        const steps = [`grant ${quoteIdent(owner)} to ${quoteIdent(login)}`, `set local role ${quoteIdent(owner)}`]
        const done = await rolledBack(connection, async (tx) => {
          // To be oneself is granted to everybody: SET ROLE works here.
          if ((await tx.attempt(`set local role ${quoteIdent(login)}`)).error === undefined) record.control()
          for (const step of steps) if ((await tx.keep(step)).error !== undefined) return false
          return true
        })
        record.probe(login)
        const table = tables.find((one) => one.owner === owner)
        if (!done || table === undefined) continue
        const open = `alter table ${quoted(table)} disable row level security`
        record.found({
          object: login,
          message: `The login ${login} can grant itself the owner ${owner} of ${labelOf(table)}, and an owner can switch policies off.`,
          evidence: `GRANT ${owner} and SET ROLE were accepted, and rolled back`,
          replay: ["begin;", ...[...steps, open].map((step) => `${step};`), "rollback;"].join("\n"),
          fix: `alter role ${quoteIdent(login)} nocreaterole;`,
        })
      }
    }
  },
})
