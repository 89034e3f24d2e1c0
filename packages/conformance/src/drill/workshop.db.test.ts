import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, rmSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { withClient } from "#tests/harness/src/index.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { inDatabase, Workshop } from "./workshop.js"

const db = useDatabase()
const admin = async (sql: string, url = db.adminUrl): Promise<Record<string, unknown>[]> =>
  await withClient(url, async (client) => (await client.query(sql)).rows)
/** Of this file's database: other files drill on the same server. */
const drills = async (): Promise<string[]> => {
  const comment = `wardkeep drill of ${db.databaseName}`
  const rows = await admin(
    `select datname from pg_database d where shobj_description(d.oid, 'pg_database') = '${comment}'`,
  )
  return rows.map(({ datname }) => String(datname))
}

test("a clone has the database privileges and settings of its source, which PostgreSQL does not copy", async () => {
  const login = await db.cluster.login()
  const name = `"${db.databaseName}"`
  await admin(`revoke all on database ${name} from public`)
  await admin(`grant connect on database ${name} to "${login.user}"`)
  await admin(`alter database ${name} set app.branch = 'none'`)
  await admin(`alter database ${name} set search_path = app, "Other"`)
  await admin(`alter role "${login.user}" in database ${name} set statement_timeout = '7s'`)
  await Workshop.run(new URL(db.adminUrl), async (workshop) => {
    const clone = inDatabase(new URL(db.url(login)), await workshop.clone())
    const [found] = await admin(
      `select has_database_privilege(current_database(), 'temp') as temp, current_setting('app.branch') as branch,
              current_setting('search_path') as path, current_setting('statement_timeout') as timeout`,
      clone.href,
    )
    expect(found).toEqual({ temp: false, branch: "none", path: 'app, "Other"', timeout: "7s" })
    const stranger = inDatabase(new URL(db.url(await db.cluster.login())), clone.pathname.slice(1))
    await expect(admin("select 1", stranger.href)).rejects.toThrow(/permission denied for database/)
  })
  expect(await drills()).toEqual([])
})

describe("a process that is told to stop", () => {
  const folder = fileURLToPath(new URL("../../node_modules/.drill-test", import.meta.url))
  const script = `${folder}/child.mjs`

  beforeAll(async () => {
    mkdirSync(folder, { recursive: true })
    await build({
      stdin: {
        contents: `import { Workshop } from "./workshop.js"
await Workshop.run(new URL(process.env.DATABASE), async (workshop) => {
  console.log(await workshop.clone())
  await new Promise((resolve) => setTimeout(resolve, 60_000))
})`,
        resolveDir: fileURLToPath(new URL(".", import.meta.url)),
      },
      outfile: script,
      bundle: true,
      platform: "node",
      format: "esm",
      conditions: ["@wardkeep/source"],
      external: ["pg", "zod"],
      logLevel: "error",
    })
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test.each(["SIGINT", "SIGTERM"] as const)(
    "by %s drops the clone first, and then ends by that signal",
    async (signal) => {
      const child = spawn(process.execPath, [script], {
        env: { DATABASE: db.adminUrl },
        stdio: ["ignore", "pipe", "inherit"],
      })
      try {
        const name = await firstLine(child)
        expect(await drills()).toEqual([name])
        child.kill(signal)
        const [, endedBy] = await once(child, "exit")
        expect(endedBy).toBe(signal)
        expect(await drills()).toEqual([])
      } finally {
        child.kill("SIGKILL")
      }
    },
  )
})

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error("the child has no output")
  const [text] = await once(child.stdout, "data")
  return String(text).trim()
}
