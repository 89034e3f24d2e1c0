import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { roleNames } from "@wardkeep/core"
import { useStrategy } from "@wardkeep/postgres/migrate"
import { describe, expect, it } from "vitest"
import { callCli } from "#tests/cli/call-cli.ts"
import { connected } from "#tests/fixture/clinic.ts"
import { useMatrixClinic } from "#tests/fixture/matrix-clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { nameOf } from "../../commands/matrix/cells/attempts.js"
import type { MatrixTests } from "../../commands/matrix/cells/matrix-tests.js"

const database = useDatabase()
const clinic = useMatrixClinic(database)

interface Tried {
  readonly code: number | null
  readonly report: MatrixTests
  readonly names: readonly string[]
  /** Those that did not pass. */
  readonly open: readonly string[]
}

async function tried(...args: string[]): Promise<Tried> {
  const ran = await clinic.cli("matrix", "tests", "--json", ...args)
  expect(ran.stderr).toBe("")
  const report: MatrixTests = JSON.parse(ran.stdout)
  const line = (one: MatrixTests["cases"][number]): string => `${one.verdict} ${nameOf(one)}`
  const lines = report.cases.map(line)
  return { code: ran.code, report, names: lines, open: lines.filter((text) => !text.startsWith("PASSED")) }
}

const table = (name: string): string => `wk_${clinic.host.policy.deployment}_r_${name}`

describe("wardkeep matrix tests", () => {
  it("tries every cell in every place with the application's login, and every tie of it", async () => {
    const { code, report, names, open } = await tried()
    expect([code, report.verdict, open]).toEqual([0, "PASSED", []])
    for (const name of [
      "reception · read public.patient · own branch: allowed",
      "reception · read public.patient · sibling branch: refused",
      "reception · read public.patient · other clinic: refused",
      "reception · read public.patient.hiv_status · any row: refused",
      "reception · update public.patient.full_name · any row: refused",
      "reception · create public.patient · sibling branch: refused",
      "reception · delete public.patient · own branch: refused",
      "doctor · update public.patient · own branch, with an old second factor: refused",
      "doctor · read public.visit · own branch, for billing: refused",
      "doctor · update public.visit · own branch, a row outside the condition: refused",
      "doctor · read public.note · sibling branch: refused",
      "specialist · read public.patient · own branch: allowed",
      "specialist · read public.patient · sibling branch: refused",
      "specialist · read public.patient · other clinic, outside the condition too: refused",
      "specialist · read public.patient · own branch, a row outside the condition: refused",
      "portal · read public.visit · own branch, a row about another subject: refused",
      "portal · read public.visit · other clinic: refused",
      "reminders (service) · read public.visit · other clinic: refused",
      "reception · print public.patient · own branch: allowed",
      "reception · print public.patient · sibling branch: refused",
      "reception · export public.patient · own branch: refused",
      "doctor · print public.patient · own branch: refused",
      "doctor · read public.patient_word · own branch: allowed",
      "doctor · read public.patient_word · sibling branch: refused",
      "specialist · read public.patient_word · own branch, a row outside the condition: refused",
      "portal · read public.patient_word · any row: refused",
      "reception · create public.patient.full_name · any row: allowed",
      "reception · create public.patient.hiv_status · any row: refused",
    ])
      expect(names).toContain(`PASSED ${name}`)
    for (const role of clinic.host.policy.actors)
      expect(report.cases.filter((one) => one.role.startsWith(role.name)).length, role.name).toBeGreaterThan(20)
  })

  it("leaves nothing behind: no row, no token, and a line of what was done", async () => {
    const state =
      "select (select md5(string_agg(p::text, '' order by p.id)) from patient p) as p, (select count(*)::int from visit) as v"
    const before = await clinic.admin(state)
    await tried()
    expect(await clinic.admin(state)).toEqual(before)
    expect(await clinic.admin("select 1 from wardkeep.token")).toEqual([])
    expect(await clinic.admin("select 1 from wardkeep.session where ended_at is null")).toEqual([])
    expect(await clinic.admin("select tenant from wardkeep.activity where kind = 'matrix_tests' limit 1")).toEqual([
      { tenant: clinic.clinics[0] },
    ])
  })

  it("writes JUnit and prints names, and no value of a row anywhere", async () => {
    const ran = await clinic.cli("matrix", "tests", "--all", "--junit", "matrix.xml")
    const xml = await readFile(join(clinic.folder, "matrix.xml"), "utf8")
    expect(xml).toContain(
      '<testcase classname="matrix.doctor" name="doctor · read public.note · sibling branch: refused" time="0"/>',
    )
    expect(xml).toMatch(/<testsuites name="wardkeep matrix tests" tests="\d+" failures="0" errors="0" skipped="0"/)
    expect(ran.stdout).toContain("PASSED")
    const [patient = ""] = clinic.patients
    for (const text of [xml, ran.stdout])
      for (const value of ["canary", "fever", patient]) expect(text).not.toContain(value)
  })

  it("notices fences, confinements and grants that are not the policy file's, and passes once it is applied again", async () => {
    await clinic.admin(
      `drop policy wk_fence on visit; drop policy wk_only on visit; grant select (hiv_status) on patient to ${table("reception")};
       revoke delete on note from ${table("doctor")}; grant delete on staff to ${table("portal")}`,
    )
    const wrong = await tried()
    expect([wrong.code, wrong.report.verdict]).toEqual([1, "FAILED"])
    const elsewhere = (what: string): string[] =>
      ["sibling branch", "other clinic"].map((where) => `FAILED ${what} public.visit · ${where}: refused`)
    // The doctor reads for a purpose, and what asks for the purpose asks for the tenant: so it reaches the sibling only.
    const sibling = ["read", "update", "delete"].map((verb) => elsewhere(`doctor · ${verb}`)[0])
    expect([...wrong.open].sort()).toEqual(
      [
        ...elsewhere("portal · read"),
        ...elsewhere("reminders (service) · read"),
        ...elsewhere("doctor · create"),
        ...sibling,
        "FAILED portal · read public.visit · own branch, a row about another subject: refused",
        "FAILED reception · read public.patient.hiv_status · any row: refused",
        "FAILED doctor · delete public.note · own branch: allowed",
        "FAILED portal · delete public.staff · any row: refused",
      ].sort(),
    )
    await clinic.host.apply()
    expect((await tried()).open).toEqual([])
  })

  it("notices words that tell of rows, new rows that name hidden columns, and printing that reads nothing", async () => {
    await clinic.admin(
      `create policy open on patient_word for select to ${table("specialist")} using (true);
       grant insert (hiv_status) on patient to ${table("reception")}; grant select on patient_word to ${table("portal")};
       drop policy wk_fence on patient_word`,
    )
    const { open } = await tried()
    expect([...open].sort()).toEqual(
      [
        "FAILED reception · create public.patient.hiv_status · any row: refused",
        "FAILED portal · read public.patient_word · any row: refused",
        "FAILED specialist · read public.patient_word · own branch, a row outside the condition: refused",
        "FAILED specialist · read public.patient_word · sibling branch: refused",
        "FAILED specialist · read public.patient_word · other clinic, outside the condition too: refused",
      ].sort(),
    )
    await clinic.admin("drop policy open on patient_word")
    await clinic.host.apply()
    await clinic.admin(`revoke select (id) on patient from ${table("reception")}`)
    const printing = (await tried()).open
    expect(printing).toContain("FAILED reception · print public.patient · own branch: allowed")
    await clinic.host.apply()
    expect((await tried()).open).toEqual([])
  })

  it("tries every column that a role has no cell for, and not only the first", async () => {
    await clinic.admin(
      `grant select (name) on drug to ${table("reception")}; grant update (email) on staff to ${table("portal")};
       grant insert (email) on staff to ${table("doctor")}; grant insert (reason) on visit to ${table("reception")};
       grant update (reason) on visit to ${table("portal")}`,
    )
    expect((await tried()).open).toEqual([
      "FAILED reception · read public.drug · any row: refused",
      "FAILED reception · create public.visit · any row: refused",
      "FAILED doctor · create public.staff · any row: refused",
      "FAILED portal · update public.staff.email · any row: refused",
      "FAILED portal · update public.visit.reason · any row: refused",
    ])
    await clinic.host.apply()
    expect((await tried()).open).toEqual([])
  })

  it("notices conditions, purposes and second factors that the database asks no more", async () => {
    const policies = await clinic.admin<{ name: string; rel: string }>(
      `select polname as name, polrelid::regclass::text as rel from pg_policy
        where polrelid in ('visit'::regclass, 'patient'::regclass) and polname ~ '^wk_(select|update)_' order by 1`,
    )
    expect(policies.length).toBeGreaterThan(2)
    for (const { name, rel } of policies)
      await clinic.admin(
        `alter policy ${name} on ${rel} using (true)${name.startsWith("wk_update") ? " with check (true)" : ""}`,
      )
    const { open } = await tried()
    expect(open).toEqual([
      "FAILED doctor · update public.patient · own branch, with an old second factor: refused",
      "FAILED doctor · read public.visit · own branch, for billing: refused",
      "FAILED doctor · update public.visit · own branch, a row outside the condition: refused",
      "FAILED specialist · read public.patient · own branch, a row outside the condition: refused",
      // Words are asked about the row, whose policy is open now.
      "FAILED specialist · read public.patient_word · own branch, a row outside the condition: refused",
    ])
    await clinic.host.apply()
  })

  it("never passes what it could not try", async () => {
    await clinic.host.asOwner(async (client) => {
      await client.query(
        "alter table note no force row level security; delete from note; alter table note force row level security",
      )
    })
    const { code, report, open } = await tried()
    expect([code, report.verdict]).toEqual([4, "INCONCLUSIVE"])
    expect(open).toContain("INCONCLUSIVE doctor · read public.note · own branch: allowed")
    expect(report.cases.find(({ verdict }) => verdict === "INCONCLUSIVE")?.detail).toMatch(
      /^no row of the table lies in the/,
    )
    const ran = await clinic.cli("matrix", "tests", "--junit", "matrix.xml")
    expect(ran.stdout).toContain("INCONCLUSIVE")
    expect(await readFile(join(clinic.folder, "matrix.xml"), "utf8")).toContain('type="INCONCLUSIVE"/>')
  })

  it("expects less where the clinic took something from a role", async () => {
    await clinic.admin(
      "insert into wardkeep.narrowing (tenant, role, what, reason, narrowed_by) values ($1, 'doctor', 'delete public.visit', 'test', 'o'), ($1, 'specialist', 'role', 'test', 'o'), ($1, 'reception', 'read public.patient', 'test', 'o')",
      [clinic.clinics[0]],
    )
    const { report, open } = await tried()
    const line = report.cases.find((one) => nameOf(one).startsWith("doctor · delete public.visit · own branch"))
    expect(line).toMatchObject({ verdict: "PASSED", expected: "refused" })
    // Whoever may not read rows any more still makes new ones.
    for (const [action, expected] of [
      ["read", "refused"],
      ["update", "refused"],
      ["create", "allowed"],
    ]) {
      const start = `reception · ${action} public.patient · own branch`
      const found = report.cases.find((one) => nameOf(one).startsWith(start))
      expect(found, start).toMatchObject({ verdict: "PASSED", expected })
    }
    expect(open.filter((text) => text.startsWith("FAILED"))).toEqual([])
    expect(open).toContain("INCONCLUSIVE specialist · read public.patient · own branch: allowed")
    await clinic.admin("delete from wardkeep.narrowing")
  })

  it("tries the same under the accelerated strategy", async () => {
    const { policy } = clinic.host
    await connected(database.ownerUrl, (admin) => useStrategy(admin, policy, "accelerated"))
    await clinic.host.apply()
    const { names, open } = await tried()
    expect(open.filter((text) => text.startsWith("FAILED"))).toEqual([])
    expect(names).toContain("PASSED doctor · read public.visit · sibling branch: refused")
    expect(names).toContain("PASSED doctor · read public.visit · own branch: allowed")
    await connected(database.ownerUrl, (admin) => useStrategy(admin, policy, "portable"))
    await clinic.host.apply()
  })

  it("stands in the branches that are named, and refuses others before it tries anything", async () => {
    const [a = "", b = "", c = ""] = clinic.branches
    const { places } = (await tried("--branch", b, "--sibling", a, "--other", c)).report
    expect([places.branch, places.sibling, places.other?.branch]).toEqual([b, a, c])
    for (const wrong of [
      ["--branch", "elsewhere"],
      ["--branch", a, "--sibling", c],
      ["--branch", a, "--sibling", a],
      ["--branch", a, "--other", b],
      ["--rows", "0"],
    ]) {
      const ran = await clinic.cli("matrix", "tests", ...wrong)
      expect([ran.code, ran.stderr.slice(0, 5)], wrong.join(" ")).toEqual([2, "WK009"])
    }
  })

  it("refuses every login but the application's: an administrator would be refused nothing", async () => {
    const { migrator } = clinic.host.logins
    const url = database.url(migrator)
    const env = { WARDKEEP_MIGRATOR_URL: url, WARDKEEP_APP_URL: url }
    const ran = await callCli(clinic.folder, ["matrix", "tests"], env)
    expect([ran.code, ran.stderr]).toEqual([4, expect.stringContaining(roleNames(clinic.host.policy).app)])
  })
})
