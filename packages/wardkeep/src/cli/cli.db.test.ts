import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { beforeAll, describe, expect, it } from "vitest"
import { callCli } from "#tests/cli/call-cli.ts"
import { emptyFolder, hostTables, newDeployment, type Ran, runCli, writePolicy } from "#tests/cli/run-cli.ts"
import { connected } from "#tests/fixture/clinic.ts"
import { catalogDigest } from "#tests/fixture/host.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase()
const deployment = newDeployment()
let folder = ""
let env: Record<string, string> = {}

const cli = (...args: string[]): Promise<Ran> => callCli(folder, args, env)
/** A process of its own: installation and each exit code at least once. */
const started = (...args: string[]): Promise<Ran> => runCli(folder, args, env)

beforeAll(async () => {
  folder = await emptyFolder()
  await writePolicy(folder, deployment)
  env = { WARDKEEP_ADMIN_URL: database.ownerUrl }
  await connected(database.ownerUrl, (client) => client.query(hostTables))
})

/** The three passwords of a JSON answer, by the last part of the login's name. */
function passwordsOf(ran: Ran): Record<string, string> {
  const { generatedPasswords } = JSON.parse(ran.stdout) as { generatedPasswords: Record<string, string> }
  return Object.fromEntries(
    Object.entries(generatedPasswords).map(([login, password]) => [login.slice(login.lastIndexOf("_") + 1), password]),
  )
}

describe("from an ordinary database to an isolated one", () => {
  it("says before the installation what is missing, and changes nothing", async () => {
    const planned = await started("plan")
    expect(planned).toMatchObject({ code: 2, stdout: "" })
    expect(planned.stderr).toContain("WK002 the schema wardkeep is not in this database")
    const diagnosed = await cli("doctor", "--json")
    expect(diagnosed.code).toBe(1)
    const { findings, notChecked } = JSON.parse(diagnosed.stdout)
    expect(findings.map((finding: { check: string }) => finding.check)).toContain("not-installed")
    expect(findings.map((finding: { message: string }) => finding.message)).toContain(
      `the role wk_${deployment}_app does not exist`,
    )
    expect(notChecked).toHaveLength(1)
  })

  it("migrates, prints each generated password once, and a second run changes nothing", async () => {
    const first = await started("migrate", "--generate-passwords", "--json")
    expect(first).toMatchObject({ code: 0, stderr: "" })
    const passwords = passwordsOf(first)
    expect(Object.keys(passwords).sort()).toEqual(["app", "issuer", "migrator"])
    env.WARDKEEP_MIGRATOR_URL = database.url({
      user: `wk_${deployment}_migrator`,
      password: passwords.migrator ?? "",
    })
    const second = await cli("migrate", "--generate-passwords")
    expect(second).toMatchObject({ code: 0, stderr: "" })
    expect(second.stdout).toContain("Nothing to do")
    for (const password of Object.values(passwords)) expect(second.stdout).not.toContain(password)
  })

  it("names the tables that belong to somebody else, with the statement that changes it", async () => {
    const ran = await started("plan")
    expect(ran.code).toBe(4)
    expect(ran.stderr).toContain(`WK303`)
    expect(ran.stderr).toContain(`alter table "public"."patient" owner to "wk_${deployment}_owner"`)
    await connected(database.ownerUrl, async (client) => {
      for (const table of ["clinic", "branch", "patient"])
        await client.query(`alter table ${table} owner to wk_${deployment}_owner`)
    })
  })

  it("plans without changing, emits SQL, and writes a plan that apply takes", async () => {
    const shown = await cli("plan", "--out", "plan.json")
    expect(shown.code).toBe(0)
    expect(shown.stdout).toContain("policy public.patient wk_fence: the fence")
    expect(shown.stdout).toContain("NOT COVERED public.price")
    const emitted = await cli("plan", "--emit")
    expect(emitted.stdout).toMatch(/^-- Run as the owner role.*\nbegin;/)
    expect(emitted.stdout).toContain("as restrictive for all to public")
    const wrapped = await cli("plan", "--emit", "--no-transaction")
    expect(wrapped.stdout).toContain("as restrictive for all to public")
    expect(wrapped.stdout).not.toMatch(/^(begin|commit);$/m)
    expect(await cli("plan", "--no-transaction")).toMatchObject({ code: 2 })
    const plan = JSON.parse(await readFile(join(folder, "plan.json"), "utf8"))
    expect(plan.steps.length).toBeGreaterThan(5)
    expect((await cli("plan", "--json")).stdout).toBe(`${JSON.stringify(plan, null, 2)}\n`)
  })

  it("refuses to apply when nobody was asked, and keeps the database as it was", async () => {
    const ran = await started("apply")
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain("nobody was asked")
    expect((await cli("doctor")).stdout).toContain("[policy-not-applied]")
  })

  it("gives up after --lock-timeout where a table is in use, and has changed nothing", async () => {
    await connected(database.adminUrl, async (holder) => {
      await holder.query("begin")
      await holder.query("lock table patient in access share mode")
      const before = await catalogDigest(database.adminUrl)
      const ran = await cli("apply", "--plan", "plan.json", "--lock-timeout", "50")
      expect(ran.code).toBe(4)
      expect(ran.stderr).toMatch(/^WK301 55P03.*\n.*Nothing was changed.*--lock-timeout/)
      expect(await catalogDigest(database.adminUrl)).toBe(before)
      await holder.query("rollback")
    })
  })

  it("applies the plan that was shown, and a second run applies nothing", async () => {
    const first = await started("apply", "--plan", "plan.json")
    expect(first).toMatchObject({ code: 0, stderr: "" })
    expect(first.stdout).toMatch(/^applied \d+ steps/)
    const stale = await cli("apply", "--plan", "plan.json")
    expect(stale.code).toBe(4)
    expect(stale.stderr).toContain("WK305")
    const second = await cli("apply", "--json")
    expect(JSON.parse(second.stdout)).toMatchObject({ applied: 0, confirmed: true })
  })

  it("diagnoses the applied database: the server's floor is the only fault left, and price is not covered", async () => {
    const ran = await cli("doctor", "--json")
    const { findings, notChecked, service, strategy } = JSON.parse(ran.stdout)
    expect(notChecked).toEqual([])
    expect(strategy).toBe("portable")
    expect(service.id).toBe("self-hosted")
    const checks = findings.map((finding: { check: string }) => finding.check)
    const expected = ["unique-key-oracle", "table-not-covered", "server-below-security-floor", "no-index-led-by-tenant"]
    expect(checks.filter((check: string) => !expected.includes(check))).toEqual([])
    const text = (await cli("doctor", "--service", "neon")).stdout
    expect(text).toContain("Neon")
    expect(text).toContain("nothing was run on this service")
  })

  it("finds what somebody changed behind its back, and exits with 1", async () => {
    await connected(database.adminUrl, async (client) => {
      await client.query("alter table patient no force row level security")
      await client.query(`grant temporary on database "${database.databaseName}" to public`)
      await client.query(`alter role wk_${deployment}_app inherit`)
    })
    const ran = await started("doctor", "--json")
    expect(ran.code).toBe(1)
    const { findings } = JSON.parse(ran.stdout)
    const checks = findings.map((finding: { check: string }) => finding.check)
    const roles = findings.filter(({ object }: { object: string }) => object.includes(`wk_${deployment}_app`))
    expect(roles.map((finding: { check: string }) => finding.check)).toEqual(["role-attributes"])
    expect(new Set(findings.map((finding: object) => JSON.stringify(finding))).size).toBe(findings.length)
    expect(checks).toEqual(
      expect.arrayContaining(["drift", "policy-not-applied", "database-privilege", "role-attributes"]),
    )
    expect((await cli("migrate")).code).toBe(0)
    expect((await cli("apply", "--yes")).code).toBe(0)
    const after = JSON.parse((await cli("doctor", "--json")).stdout).findings
    const left = after.map((finding: { check: string }) => finding.check)
    for (const check of ["drift", "policy-not-applied", "database-privilege", "role-attributes"])
      expect(left).not.toContain(check)
  })

  it("adds a key once, retires it once, and never prints a secret that was given", async () => {
    const given = Buffer.alloc(32, 7).toString("base64")
    const added = await callCli(folder, ["key", "add", "k001"], { ...env, WARDKEEP_SIGNING_KEY: given })
    expect(added).toMatchObject({ code: 0, stderr: "" })
    expect(added.stdout).not.toContain(given)
    const made = JSON.parse((await cli("key", "add", "k002", "--json")).stdout) as { generatedSecret: string }
    expect(Buffer.from(made.generatedSecret, "base64")).toHaveLength(32)
    expect(await cli("key", "add", "k001")).toMatchObject({ code: 2 })
    expect((await cli("key", "retire", "k001", "--end-sessions")).stdout).toContain("0 sessions ended")
    expect(await cli("key", "retire", "k001")).toMatchObject({ code: 2 })
    const short = await callCli(folder, ["key", "add", "k003"], { ...env, WARDKEEP_SIGNING_KEY: "c2hvcnQ=" })
    expect(short.code).toBe(2)
    expect(short.stderr).not.toContain("c2hvcnQ=")
  })

  it("chooses the accelerated strategy, says so, and goes back", async () => {
    const there = await cli("migrate", "--strategy", "accelerated", "--json")
    const superuser = database.ownerUrl === database.adminUrl
    expect(there.code).toBe(superuser ? 0 : 4)
    if (superuser) expect(JSON.parse(there.stdout).strategy).toBe("accelerated")
    expect((await cli("migrate", "--strategy", "portable")).stdout).toContain("strategy: portable")
  })
})
