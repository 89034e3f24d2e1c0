import { readFile } from "node:fs/promises"
import pg from "pg"
import { expect, it } from "vitest"
import { useAssigned } from "#tests/fixture/assigned.ts"
import { connected } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { lockTableFindings } from "./lock-table.js"

const database = useDatabase({ owner: "superuser" })
const clinic = useAssigned(database)
const fillers = {
  "advisory locks": "select count(pg_advisory_xact_lock(n)) from generate_series(1, $1::int) n",
  "large objects": "select count(lo_unlink(lo_create(0))) from generate_series(1, $1::int)",
}
/** Of this file's login: others work on the same server. */
const findings = async () => {
  const all = await connected(database.adminUrl, (admin) => lockTableFindings(admin))
  return all.filter(({ object }) => object === `role "${clinic.host.logins.app.user}"`)
}

it.each(Object.entries(fillers))(
  "a login without a grant that takes much of the lock table by %s is named, with what ends it",
  async (_what, sql) => {
    const [{ room } = { room: 0 }] = await clinic.admin<{ room: number }>(
      "select current_setting('max_locks_per_transaction')::int * current_setting('max_connections')::int as room",
    )
    expect(await findings()).toEqual([])
    // A seventh in each of two sessions: together more than a quarter.
    const ended = [1, 2].map(async () => {
      const app = new pg.Client({ connectionString: database.appUrl(clinic.host.logins.app) })
      const gone = new Promise((resolve) => app.on("error", resolve))
      await app.connect()
      await app.query("begin")
      await app.query(sql.replace("(n)", "(n, pg_backend_pid())"), [Math.ceil(room / 7)])
      return { gone }
    })
    const sessions = await Promise.all(ended)
    const found = await findings()
    expect(found).toMatchObject([{ check: "lock-table" }])
    await clinic.admin((found[0]?.fix ?? "").replace("As an administrator: ", ""))
    await Promise.all(sessions.map(({ gone }) => gone))
    await expect.poll(findings).toEqual([])
  },
)

it("and takes none of it where a superuser took the functions from PUBLIC as the guide says", async () => {
  const guide = await readFile(new URL("../../../../docs/guides/operate.md", import.meta.url), "utf8")
  const statement = /select format\('revoke execute[\s\S]*?(?=;? \\gexec)/.exec(guide)?.[0] ?? ""
  await connected(database.adminUrl, async (admin) => {
    const { rows } = await admin.query<{ format: string }>(statement)
    expect(rows.length).toBeGreaterThan(10)
    for (const { format } of rows) await admin.query(format)
  })
  for (const sql of Object.values(fillers))
    await connected(database.appUrl(clinic.host.logins.app), async (app) => {
      await expect(app.query(sql, [1])).rejects.toMatchObject({ code: "42501" })
    })
  await clinic.grant("doctor-1", "doctor", 0)
  await clinic.session("doctor-1")
  expect(await clinic.issuer.offboard({ actor: "doctor-1", by: "hr-1", reason: "left" })).toBe(1)
  expect((await clinic.host.apply()).applied).toBe(0)
})
