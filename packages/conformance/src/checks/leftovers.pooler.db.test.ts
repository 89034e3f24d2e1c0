import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { withClient } from "#tests/harness/src/index.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { verify } from "../verify.js"

const base = readFileSync(fileURLToPath(new URL("base.sql", import.meta.url)), "utf8")
const db = useDatabase({ pooler: { poolSize: 4 } })

test("nothing is left in a session that a pooler hands on to real users", { timeout: 60_000 }, async () => {
  const app = await db.cluster.login({ label: "app" })
  await withClient(db.adminUrl, async (client) => await client.query(base.replaceAll(':"app"', `"${app.user}"`)))
  const { checks, findings } = await verify({
    databaseUrl: db.adminUrl,
    appUrl: db.appUrl(app),
    only: ["WKC048"],
    target: {
      tenants: ["1", "2"].map((key) => ({ name: key, key, connect: { settings: { "app.branch": key } } })),
      tenantColumns: ["branch_id"],
    },
  })
  expect(findings).toEqual([])
  expect(checks).toMatchObject([
    { verdict: "NOT_APPLICABLE", reason: expect.stringContaining("a pooler stands between") },
  ])
})
