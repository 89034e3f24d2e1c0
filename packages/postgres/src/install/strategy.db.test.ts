import { roleNames } from "@wardkeep/core"
import pg from "pg"
import { beforeAll, describe, expect, it } from "vitest"
import { type Clinic, canary, connected, installClinic, withLogin } from "#tests/fixture/clinic.ts"
import { inContext, issueBySql } from "#tests/fixture/token.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { apply, asOwner, useStrategy } from "../migrate/index.js"

const database = useDatabase()
let clinic: Clinic

beforeAll(async () => {
  clinic = await installClinic(database.ownerUrl)
})

describe("the strategies", () => {
  it("show the same rows, refuse the same things, and change over while sessions are open", async () => {
    const [first] = clinic.branches
    const [doctor] = await issueBySql(database.adminUrl, clinic, [
      { role: "doctor", tenant: first.clinic, branches: [first.branch], purposes: ["care"] },
    ])
    const app = new pg.Client({ connectionString: database.url(clinic.logins.app) })
    await app.connect()
    const look = () =>
      inContext(app, doctor!, () => app.query<{ t: string }>("select string_agg(p::text, ' ') as t from patient p"))
    const actor = () =>
      inContext(app, doctor!, () =>
        app.query("select wardkeep.actor() as a, wardkeep.purpose() as p, wardkeep.branch() as b"),
      )
    const portable = [(await look()).rows, (await actor()).rows]
    expect(portable[0]?.[0]?.t).toContain(canary(0))
    expect(portable[0]?.[0]?.t).not.toContain(canary(1))

    await connected(database.adminUrl, (admin) => useStrategy(admin, clinic.policy, "accelerated"))
    expect([(await look()).rows, (await actor()).rows], "before apply").toEqual(portable)
    await connected(withLogin(database.adminUrl, clinic.logins.migrator), (migrator) =>
      asOwner(migrator, clinic.policy, () => apply({ client: migrator, policy: clinic.policy })),
    )
    expect([(await look()).rows, (await actor()).rows]).toEqual(portable)
    await expect(app.query("select set_config('backtrace_functions', 'x', false)")).rejects.toMatchObject({
      code: "42501",
    })
    await expect(
      inContext(app, doctor!, () =>
        app.query("select set_config('role', $1, true), (select count(*) from patient)", [
          doctor!.db_role.replace("doctor", "locum"),
        ]),
      ),
    ).rejects.toMatchObject({ code: expect.stringMatching(/WK107|42501/) })
    await expect(
      inContext(app, { ...doctor!, token: `k001${"0".repeat(43)}` }, () => app.query("select 1 from patient")),
    ).rejects.toMatchObject({ code: "WK102" })
    const enter = "select wardkeep.enter($1, $2)"
    await expect(app.query(enter, ["", ""])).rejects.toMatchObject({ code: "WK102" })
    await expect(app.query(enter, [null, null])).rejects.toMatchObject({ code: "WK102" })
    await expect(app.query(enter, [doctor!.token, clinic.branches[2].branch])).rejects.toMatchObject({ code: "WK105" })
    // Blanks, commas and underscores part the payload: a key that holds one could pass for two, or for another.
    const renamed = (tenant: string) =>
      connected(database.adminUrl, (admin) =>
        admin.query("update wardkeep.token set tenant = $1 where branches && $2", [tenant, [first.branch]]),
      )
    for (const key of ["a b", "a_b", "a,b", "a\tb"]) {
      await renamed(key)
      await expect(app.query(enter, [doctor!.token, ""]), key).rejects.toMatchObject({ code: "WK007" })
    }
    await renamed(first.clinic)

    await connected(database.adminUrl, (admin) => useStrategy(admin, clinic.policy, "portable"))
    expect([(await look()).rows, (await actor()).rows]).toEqual(portable)
    await app.end()
  })

  it("refuse the accelerated one to an administrator who may not grant the parameter", async () => {
    const limited = await database.cluster.limitedAdmin()
    const { owner } = roleNames(clinic.policy)
    await connected(database.adminUrl, async (admin) => {
      await admin.query(`revoke set on parameter backtrace_functions from ${owner}`)
      await admin.query(`grant connect on database ${database.databaseName} to ${limited.user}`)
    })
    await connected(withLogin(database.adminUrl, limited), async (admin) => {
      await expect(useStrategy(admin, clinic.policy, "accelerated")).rejects.toMatchObject({ code: "WK306" })
    })
  })
})
