import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { Client } from "pg"
import { beforeAll, describe, expect, test } from "vitest"
import { type Login, startPgBouncer, urlFor, withClient } from "#tests/harness/src/index.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import type { Report } from "../report/report.js"
import type { TargetInput } from "../target/schema.js"
import { verify } from "../verify.js"

const root = fileURLToPath(new URL(".", import.meta.url))
const sql = (file: string): string => readFileSync(`${root}${file}`, "utf8")
const db = useDatabase({ pooler: { poolSize: 4 } })
let app: Login

type Connect = NonNullable<NonNullable<TargetInput["tenants"]>[number]["connect"]>

const run = async (text: string): Promise<void> =>
  await withClient(db.adminUrl, async (client) => void (await client.query(text.replaceAll(':"app"', `"${app.user}"`))))

const local = (key: string): Connect => ({ settings: { "app.branch": key } })
const forTheSession = (key: string): Connect => ({ statements: [`set app.branch = '${key}'`] })

async function report(only: readonly string[], connect = local, appUrl = db.appUrl(app)): Promise<Report> {
  return await verify({
    databaseUrl: db.adminUrl,
    appUrl,
    only,
    target: {
      tenants: ["1", "2"].map((key) => ({ name: key, key, connect: connect(key) })),
      tenantColumns: ["branch_id"],
      global: ["public.drug", "public.branch"],
    },
  })
}

/** The replay by hand, one connection for each client that it names. */
async function byHand(replay: string, url: string): Promise<string> {
  const parts = replay.split(/^-- connected as .*$/m).slice(1)
  const clients = parts.map(() => new Client({ connectionString: url }))
  try {
    const answers: unknown[] = []
    for (const [place, part] of parts.entries()) {
      await clients[place]?.connect()
      answers.push([await clients[place]?.query(part)].flat().map((result) => result?.rows))
    }
    return JSON.stringify(answers)
  } finally {
    for (const client of clients) await client.end()
  }
}

/** What anybody who comes through the pooler now would meet. */
async function leftInPool(): Promise<unknown[]> {
  const seen: unknown[] = []
  const clients = [1, 2, 3, 4].map(() => new Client({ connectionString: db.appUrl(app) }))
  try {
    for (const client of clients) {
      await client.connect()
      // Held open, so that each one gets a session of its own.
      await client.query("begin")
      const { rows } = await client.query(
        `select coalesce(current_setting('app.branch', true), '') as branch, current_user = session_user as own,
          (select count(*) from pg_prepared_statements) + (select count(*) from pg_cursors where is_holdable)
            + (select count(*) from pg_listening_channels()) + (select count(*) from pg_class where relpersistence = 't')
            + (select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()) as things`,
      )
      seen.push(rows[0])
    }
    return seen
  } finally {
    for (const client of clients) {
      await client.query("rollback")
      await client.end()
    }
  }
}

const nothingLeft = Array.from({ length: 4 }, () => ({ branch: "", own: true, things: "0" }))

beforeAll(async () => {
  app = await db.cluster.login({ label: "app" })
  await run(sql("base.sql"))
})

test("nothing is left in a session that a pooler hands on to real users", { timeout: 60_000 }, async () => {
  const { checks, findings } = await report(["WKC043", "WKC048"])
  expect(findings).toEqual([])
  for (const { verdict, reason } of checks) {
    expect([verdict, reason]).toEqual(["NOT_APPLICABLE", expect.stringContaining("a pooler stands between")])
  }
})

describe("through a pooler in transaction mode", () => {
  test("what crosses from client to client is named, and taken away again", { timeout: 60_000 }, async () => {
    const { findings, verdict, notCovered } = await report(["WKC097", "WKC020"])
    expect([verdict, findings.length]).toEqual(["NOT_FOUND", 1])
    expect(findings[0]).toMatchObject({ check: "WKC097", severity: "hygiene", object: `sessions of ${app.user}` })
    for (const kind of ["a setting", "prepared", "temporary table", "cursor", "advisory lock", "LISTEN"]) {
      expect(findings[0]?.evidence).toContain(kind)
    }
    expect(notCovered.join()).not.toContain("could not be met again")
    expect(await byHand(findings[0]?.replay ?? "", db.appUrl(app))).toContain('"?column?":1')
    expect(await leftInPool()).toEqual(nothingLeft)
  })

  test("a context set for the session is a leak, its replay shows it, and nothing stays", {
    timeout: 60_000,
  }, async () => {
    const { findings, verdict } = await report(["WKC096"], forTheSession)
    expect(verdict).toBe("LEAK")
    expect(findings).toContainEqual(expect.objectContaining({ object: "public.patient", severity: "leak" }))
    expect(await leftInPool()).toEqual(nothingLeft)
    const { replay } = findings.find(({ object }) => object === "public.patient") ?? { replay: "" }
    expect(await byHand(replay, db.appUrl(app))).toContain('"count":"6"')
    await withClient(db.appUrl(app), async (client) => void (await client.query("reset app.branch")))
  })

  test("a function that remembers the tenant is a leak, and a context of the transaction is none", {
    timeout: 60_000,
  }, async () => {
    await run(sql("WKC096-context-outlives-transaction/violate.sql"))
    expect((await report(["WKC096"])).findings.map(({ object }) => object)).toEqual(["public.visit"])
    await run(sql("WKC096-context-outlives-transaction/fix.sql"))
    const { verdict, checks } = await report(["WKC096"])
    expect([verdict, checks[0]?.verdict]).toEqual(["NOT_FOUND", "NOT_FOUND"])
    expect(await leftInPool()).toEqual(nothingLeft)
  })
})

test("in session mode a reset is what keeps clients apart", { timeout: 60_000 }, async () => {
  for (const [reset, expected] of [
    ["DISCARD ALL", 0],
    ["", 1],
  ] as const) {
    const pooler = await startPgBouncer(db.cluster, {
      settings: { pool_mode: "session", server_reset_query: reset },
    })
    try {
      const url = urlFor(pooler.url, db.databaseName, app)
      const { findings, checks } = await report(["WKC097"], local, url)
      expect([findings.length, checks[0]?.probes], reset).toEqual([expected, 6])
    } finally {
      await pooler.stop()
    }
  }
})
