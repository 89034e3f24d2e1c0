import { randomUUID } from "node:crypto"
import { expect, it } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { connected } from "#tests/fixture/clinic.ts"
import { inContext } from "#tests/fixture/token.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase()
const used = useClient(database)

// A plan is made for one search_path: where two callers ask the same function, each under its own, each call plans it anew.
it("an INSERT whose branch is the default's plans nothing that its session has planned", async () => {
  const [grant] = used.doctor.grants
  if (grant === undefined) throw new Error("the doctor has no grant")
  const context = { db_role: grant.dbRole, token: grant.token, tenant: grant.tenant }
  await connected(database.url(used.clinic.logins.app), async (app) => {
    let planned = 0
    app.on("notice", () => planned++)
    const plansOf = async (text: string, values: unknown[]): Promise<number> => {
      planned = 0
      await inContext(app, context, () => app.query({ name: text, text, values }))
      return planned
    }
    const [patient] = await inContext(
      app,
      context,
      async () => (await app.query("select id from patient limit 1")).rows,
    )
    const text = "insert into visit (id, patient_id, reason) values ($1, $2, 'fever')"
    const insert = (): Promise<number> => plansOf(text, [randomUUID(), patient.id])
    // The sixth execution of a text settles on a plan that is kept.
    for (let time = 0; time < 8; time++) await insert()
    await app.query("set debug_print_plan = on")
    await app.query("set client_min_messages = log")
    const entering = (await plansOf("select 1", [])) - 1
    expect(entering).toBeGreaterThan(0)
    // Others change catalogs meanwhile, after which plans are made anew for once.
    const plans: number[] = []
    for (let time = 0; time < 5; time++) plans.push((await insert()) - entering)
    expect(Math.min(...plans)).toBe(0)
  })
})
