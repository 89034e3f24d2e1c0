import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import { selfSigned } from "#tests/fixture/self-signed.ts"
import { startPgBouncer, urlFor, withClient } from "#tests/harness/src/index.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import type { ReportFinding } from "../report/report.js"
import { catalogChecks, runCatalogCheck } from "../run/catalog-checks.js"
import { CheckRecord } from "../run/check-record.js"
import { openScene } from "../run/scene.js"
import { parseTarget } from "../target/parse.js"
import { verify } from "../verify.js"
import { staysHere } from "./WKC101-way-in/probe.js"

const db = useDatabase()

async function found(appUrl: string, code: string): Promise<readonly ReportFinding[]> {
  const tenants = [{ name: "1", key: "1" }]
  const { findings } = await verify({ databaseUrl: db.adminUrl, appUrl, only: [code], target: { tenants } })
  return findings
}

test("the proof that the way in asks for is read before any password is sent", { timeout: 60_000 }, async () => {
  const app = await db.cluster.login({ label: "app" })
  for (const [type, expected] of [
    ["trust", "let in without a password"],
    ["plain", "asked for the password in clear text"],
    ["md5", "asked for the password as MD5"],
    ["scram-sha-256", undefined],
  ] as const) {
    const users = { [app.user]: app.password }
    const pooler = await startPgBouncer(db.cluster, { users, settings: { auth_type: type } })
    try {
      const findings = await found(urlFor(pooler.url, db.databaseName, app), "WKC101")
      expect(
        findings.map(({ object, severity }) => `${severity} ${object}`),
        type,
      ).toEqual(expected === undefined ? [] : [`hygiene password of ${app.user}`])
      if (expected !== undefined) expect(findings[0]?.evidence).toContain(`without TLS: ${expected}; with TLS: refused`)
      expect(JSON.stringify(findings)).not.toContain(app.password)
    } finally {
      await pooler.stop()
    }
  }
})

test("behind TLS the proof is read too, and a password in clear text is none that others hear", {
  timeout: 60_000,
}, async () => {
  const app = await db.cluster.login({ label: "app" })
  const folder = mkdtempSync(join(tmpdir(), "wk-tls-"))
  const { key, certificate } = selfSigned("pooler.test")
  // PgBouncer does not run as root.
  chmodSync(folder, 0o755)
  writeFileSync(join(folder, "key.pem"), key)
  writeFileSync(join(folder, "cert.pem"), certificate)
  const tls = { client_tls_key_file: join(folder, "key.pem"), client_tls_cert_file: join(folder, "cert.pem") }
  try {
    for (const [mode, type, answers, isFound] of [
      [
        "allow",
        "plain",
        "without TLS: asked for the password in clear text; with TLS: asked for the password in",
        true,
      ],
      ["require", "plain", "", false],
      ["require", "md5", "without TLS: refused; with TLS: asked for the password as MD5", true],
      ["require", "trust", "without TLS: refused; with TLS: let in without a password", true],
      ["require", "scram-sha-256", "", false],
    ] as const) {
      const users = { [app.user]: app.password }
      const settings = { auth_type: type, client_tls_sslmode: mode, ...tls }
      const pooler = await startPgBouncer(db.cluster, { users, settings })
      try {
        const url = new URL(urlFor(pooler.url, db.databaseName, app))
        url.searchParams.set("sslmode", "no-verify")
        const findings = await found(url.href, "WKC101")
        expect(
          findings.map(({ object }) => object),
          `${mode} ${type}`,
        ).toEqual(isFound ? [`password of ${app.user}`] : [])
        if (isFound) expect(findings[0]?.evidence).toContain(answers)
      } finally {
        await pooler.stop()
      }
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test("an address beyond this machine is one that others can listen to", () => {
  for (const host of ["localhost", "127.0.0.1", "::1", "/var/run/postgresql", "%2Ftmp"])
    expect(staysHere(host)).toBe(true)
  for (const host of ["127.example.com", "10.0.0.5", "db", "fe80::1"]) expect(staysHere(host)).toBe(false)
})

test("a stored MD5 password of the application's login is named", async () => {
  const app = await db.cluster.login({ label: "old" })
  const stored = async (method: string): Promise<string[]> => {
    await withClient(db.adminUrl, async (client) => {
      await client.query(`set password_encryption = '${method}'; alter role "${app.user}" password '${app.password}'`)
    })
    // The server asks for SCRAM, so that the login gets in no more; catalog mode does without.
    const options = { databaseUrl: db.adminUrl, appUrl: db.url(app), only: ["WKC093"], mode: "catalog" } as const
    return (await verify({ ...options, target: {} })).findings.map(({ object }) => object)
  }
  expect(await stored("md5")).toContain(`password of ${app.user}`)
  expect(await stored("scram-sha-256")).not.toContain(`password of ${app.user}`)
})

test("lines of pg_hba.conf are judged by address, method and encryption", async () => {
  await withClient(db.adminUrl, async (client) => {
    await client.query(`create table rules (line_number int, type text, address text, auth_method text, user_name text[], error text);
      insert into rules (line_number, type, address, auth_method) values
        (1, 'local', null, 'trust'), (2, 'host', '127.0.0.1', 'trust'), (3, 'hostssl', 'all', 'scram-sha-256'),
        (4, 'host', '10.0.0.0', 'reject'), (5, 'hostssl', '10.0.0.0', 'md5'), (6, 'hostssl', '0.0.0.0', 'trust'),
        (7, 'host', '10.1.0.0', 'scram-sha-256')`)
  })
  const check = catalogChecks().find(({ code }) => code === "WKC093")
  if (check === undefined) throw new Error("WKC093 is not there")
  const text = check.sql
    .replace("from pg_catalog.pg_hba_file_rules where", "from public.rules where")
    .replaceAll("current_setting('listen_addresses')", "'*'")
  const options = { databaseUrl: db.adminUrl, target: parseTarget({}), mode: "catalog" } as const
  const opened = await openScene(options)
  try {
    const record = new CheckRecord(check)
    await runCatalogCheck({ ...check, sql: text }, opened.scene, record)
    const lines = record.findings.map(({ object, message }) => `${object} ${message}`)
    expect(lines).toEqual([
      expect.stringContaining("server Connections are not encrypted"),
      expect.stringContaining("line 6 pg_hba.conf lets logins in from other machines without a password"),
      expect.stringContaining("line 5 pg_hba.conf asks logins from other machines for less than SCRAM"),
      expect.stringContaining("line 7 pg_hba.conf takes connections from other machines without encryption"),
    ])
  } finally {
    await opened.close()
  }
})
