import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect, test } from "vitest"
import { type Login, urlFor, withClient } from "#tests/harness/src/index.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import type { Report, ReportFinding } from "../report/report.js"
import { catalogChecks } from "../run/catalog-checks.js"
import { verify } from "../verify.js"
import { probes } from "./registry.js"

const root = fileURLToPath(new URL(".", import.meta.url))
const folders = readdirSync(root).filter((name) => /^WKC\d{3}-/.test(name))
const sql = (folder: string, file: string): string => readFileSync(`${root}${folder}/${file}`, "utf8")
const db = useDatabase()

/** True of every system on this server, or of the base as it is: nothing breaks it, nothing mends it. */
const always = new Set(["WKC033", "WKC080", "WKC097", "WKC100", "WKC101", "WKC107"])

function named(text: string, names: Readonly<Record<string, string>>): string {
  return text.replaceAll(/:"(\w+)"/g, (_, name: string) => `"${names[name] ?? name}"`)
}

interface Lab {
  run(text: string): Promise<void>
  verify(code: string): Promise<Report>
  end(): Promise<void>
}

async function openLab(): Promise<Lab> {
  const database = await db.cluster.database()
  const [app, other]: [Login, Login] = [
    await db.cluster.login({ label: "app" }),
    await db.cluster.login({ label: "other" }),
  ]
  const run = async (text: string): Promise<void> =>
    await withClient(database.adminUrl, async (client) => {
      const names: Record<string, string> = { app: app.user, other: other.user }
      if (text.includes(':"lo"')) {
        const made = await client.query<{ oid: string }>("select lo_from_bytea(0, 'scan')::text as oid")
        await client.query(named(text, names).replaceAll('"lo"', made.rows[0]?.oid ?? "0"))
      } else await client.query(named(text, names))
    })
  await run(readFileSync(`${root}base.sql`, "utf8"))
  return {
    run,
    verify: async (code) =>
      await verify({
        databaseUrl: database.adminUrl,
        appUrl: urlFor(db.adminUrl, database.name, app),
        only: [code, ...(catalogChecks().find((check) => check.code === code)?.proof ?? [])],
        target: {
          tenants: ["1", "2"].map((key) => ({
            name: `branch ${key}`,
            key,
            connect: { settings: { "app.branch": key } },
          })),
          tenantColumns: ["branch_id"],
          schemas: ["public"],
          global: ["public.drug", "public.branch"],
        },
      }),
    end: async () => {
      await database.drop()
      await withClient(db.adminUrl, async (client) => {
        await client.query(`alter role "${app.user}" reset all`)
      })
    },
  }
}

const nameOf = ({ object, severity }: ReportFinding): string => `${severity} ${object}`
const fired = (report: Report, code: string) => report.findings.filter(({ check }) => check === code)

describe("every check", () => {
  test("has a folder with README.md, violate.sql and fix.sql, and is in the registry or has a check.sql", () => {
    const codes = [...probes, ...catalogChecks()].map(({ code }) => code)
    expect(folders.map((name) => name.slice(0, 6)).sort()).toEqual([...codes].sort())
    for (const folder of folders) {
      for (const file of ["README.md", "violate.sql", "fix.sql"]) expect(sql(folder, file).length).toBeGreaterThan(5)
    }
  })
})

describe.each(folders.filter((name) => !always.has(name.slice(0, 6))))("%s", (folder) => {
  const code = folder.slice(0, 6)

  test("fires on its violation, and its fix clears it", { timeout: 120_000 }, async () => {
    const lab = await openLab()
    try {
      const before = fired(await lab.verify(code), code).map(nameOf)
      await lab.run(sql(folder, "violate.sql"))
      const broken = await lab.verify(code)
      const added = fired(broken, code).filter((finding) => !before.includes(nameOf(finding)))
      expect(added, JSON.stringify(broken.checks)).not.toEqual([])
      await lab.run(sql(folder, "fix.sql"))
      const mended = fired(await lab.verify(code), code).map(nameOf)
      expect(mended).toEqual(before)
    } finally {
      await lab.end()
    }
  })
})

/** The first releases without the holes, as WKC080's README has them. */
const floors: Readonly<Record<number, number>> = { 14: 25, 15: 20, 16: 16, 17: 12, 18: 7 }

test("WKC080 fires below the floor of each major release, on every release before 14, and not at the floor", async () => {
  const text = sql("WKC080-server-below-floor", "check.sql")
  const asked = "current_setting('server_version_num')"
  expect(text.split(asked)).toHaveLength(2)
  await withClient(db.adminUrl, async (client) => {
    const fires = async (number: number): Promise<boolean> =>
      (await client.query(text.replace(asked, `'${number}'`))).rows.length > 0
    for (const [major, minor] of Object.entries(floors)) {
      expect([await fires(Number(major) * 10_000 + minor - 1), await fires(Number(major) * 10_000 + minor)]).toEqual([
        true,
        false,
      ])
    }
    expect([await fires(130_023), await fires(190_000)]).toEqual([true, false])
  })
  const [major, minor] = [Math.trunc(db.serverVersionNum / 10_000), db.serverVersionNum % 10_000]
  const lab = await openLab()
  try {
    const expected = minor < (floors[major] ?? (major < 14 ? Infinity : 0)) ? ["server"] : []
    expect(fired(await lab.verify("WKC080"), "WKC080").map(({ object }) => object)).toEqual(expected)
  } finally {
    await lab.end()
  }
})

test("what holds on every server and every system is hygiene, and no verdict", { timeout: 120_000 }, async () => {
  const lab = await openLab()
  try {
    for (const code of always) {
      const report = await lab.verify(code)
      expect(fired(report, code).every(({ severity }) => severity === "hygiene")).toBe(true)
      expect(report.verdict).not.toBe("LEAK")
    }
    expect(fired(await lab.verify("WKC033"), "WKC033")).not.toEqual([])
  } finally {
    await lab.end()
  }
})
