import { createWardkeep } from "@wardkeep/postgres"
import { install } from "@wardkeep/postgres/migrate"
import { beforeAll, expect, it } from "vitest"
import { emptyFolder, hostTables, newDeployment, runCli, writePolicy } from "#tests/cli/run-cli.ts"
import { connected } from "#tests/fixture/clinic.ts"
import { clinicPolicy } from "#tests/fixture/policy.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase()
const deployment = newDeployment()
let folder = ""

beforeAll(async () => {
  folder = await emptyFolder()
  await writePolicy(folder, deployment)
  await connected(database.ownerUrl, (client) => client.query(hostTables))
})

it.each([
  ["init", "--out", "first.ts"],
  ["migrate", "--generate-passwords"],
  ["plan"],
  ["apply", "--yes"],
  ["doctor"],
  ["key", "add", "k001"],
])("%s refuses the server with WK006", async (...args) => {
  const ran = await runCli(folder, [...args, "--database-url", database.ownerUrl])
  expect(ran.stderr).toContain("WK006")
  expect(ran.code).toBe(4)
})

it("the library does not install on it either", async () => {
  const policy = clinicPolicy(deployment)
  const installing = connected(database.ownerUrl, (admin) => install({ admin, policy }))
  await expect(installing).rejects.toMatchObject({ code: "WK006" })
})

it("and a client does not start, and does not send its reader to migrate", async () => {
  const wk = createWardkeep({ pool: { connectionString: database.adminUrl, max: 1 }, policy: clinicPolicy(deployment) })
  try {
    await expect(wk.start()).rejects.toMatchObject({ code: "WK006", message: expect.stringContaining("older than 15") })
  } finally {
    await wk.close()
  }
})

it("nothing of ours is left on the server", async () => {
  await connected(database.adminUrl, async (client) => {
    const { rows } = await client.query(
      `select rolname::text as name from pg_roles where rolname like $1
       union all select nspname from pg_namespace where nspname like 'wardkeep%'`,
      [`wk\\_${deployment}\\_%`],
    )
    expect(rows).toEqual([])
  })
})
