import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { Report } from "@wardkeep/conformance"
import { afterAll, beforeAll, expect, test } from "vitest"
import { emptyFolder, runCli } from "#tests/cli/run-cli.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { clinicTemplate, openClinic, type TestClinic } from "../../examples/express-clinic/src/testing/open-clinic.ts"
import { ordinaryVisits } from "./clinic-visits.ts"
import { recordHar } from "./recorder.ts"

const database = useDatabase({ template: clinicTemplate })
const slow = { timeout: 240_000 }
let clinic: TestClinic
let folder = ""

beforeAll(async () => {
  clinic = await openClinic(database)
  folder = await emptyFolder()
  const scope = {
    hosts: [new URL(clinic.origin).host],
    requestsPerSecond: 100,
    stopAt: new Date(Date.now() + 600_000).toISOString(),
    maxRequests: 3_000,
  }
  await writeFile(join(folder, "scope.json"), JSON.stringify(scope))
  await writeFile(join(folder, "elsewhere.json"), JSON.stringify({ ...scope, hosts: ["elsewhere.test"] }))
  await writeFile(join(folder, "openapi.json"), await (await fetch(`${clinic.origin}/openapi.json`)).text())
  for (const [file, part] of [
    ["A", "doctor"],
    ["B", "doctorElsewhere"],
  ] as const) {
    const { cookie } = await clinic.signIn(clinic.people[part])
    const visits = ordinaryVisits(clinic.world, clinic.people[part].branches[0]!)
    await writeFile(join(folder, `${file}.har`), await recordHar(clinic.origin, [["cookie", cookie]], visits))
    await writeFile(join(folder, `${file}.headers`), `Cookie: ${cookie}\n`)
  }
})
afterAll(() => clinic.close())

const http = (...args: string[]) => runCli(folder, ["verify", "http", ...args])

test("two recordings of the clinic as it is end with NOT_FOUND and exit code 0", slow, async () => {
  const ran = await http("--scope", "scope.json", "--har", "A.har", "--har", "B.har", "--json", "--out", "report.json")
  expect([ran.stdout, ran.stderr]).toEqual(["", ""])
  const report = JSON.parse(await readFile(join(folder, "report.json"), "utf8")) as Report
  expect(report).toMatchObject({ mode: "http", verdict: "NOT_FOUND", findings: [], server: clinic.origin })
  expect(report.probes).toBeGreaterThan(50)
  expect(ran.code).toBe(0)
})

test("its own document and two headers do the same, in words", slow, async () => {
  const accounts = ["--as", "A=@A.headers", "--as", "B=@B.headers"]
  const ran = await http("--scope", "scope.json", "--openapi", "openapi.json", "--base-url", clinic.origin, ...accounts)
  expect(ran.stderr).toBe("")
  expect(ran.stdout).toMatch(/^NOT FOUND {2}No leak was found in \d+ attempts/)
  expect(ran.stdout).toMatch(/WKC201 +nothing found +An id in the path \(\d+ attempts, [1-9]\d* controls\)/)
  expect(ran.code).toBe(0)
})

test(
  "two accounts of one branch are told apart from nothing, and the command says LEAK with exit code 1",
  slow,
  async () => {
    const { cookie } = await clinic.signIn(clinic.people.nurse)
    await writeFile(join(folder, "N.headers"), `Cookie: ${cookie}`)
    const accounts = ["--as", "A=@A.headers", "--as", "N=@N.headers"]
    const document = ["--openapi", "openapi.json", "--base-url", clinic.origin]
    const again = async (...more: string[]) =>
      await http("--scope", "scope.json", ...document, ...accounts, "--har", "A.har", ...more)
    const ran = await again()
    expect(ran.code).toBe(1)
    expect(ran.stdout).toMatch(/^LEAK /)
    expect(ran.stdout).toMatch(/curl .*\$N_COOKIE/)
    expect(ran.stdout).not.toContain(cookie)
    const { findings } = JSON.parse((await again("--json")).stdout) as Report
    const entries = findings.map(({ check, object, severity }) => ({ check, object, severity, reason: "one branch" }))
    await writeFile(
      join(folder, "baseline.json"),
      JSON.stringify(entries.map((entry) => ({ ...entry, expires: "2999-12-31" }))),
    )
    const accepted = await again("--json", "--baseline", "baseline.json")
    const report = JSON.parse(accepted.stdout) as Report
    expect(report.verdict).toBe("LEAK")
    expect(report.findings.filter(({ accepted: why }) => why?.reason !== "one branch")).toEqual([])
    // Between two of one branch not everything can be tried, and that stays open.
    expect(accepted.code).toBe(4)
  },
)

test.each([
  ["no scope", ["--har", "A.har", "--har", "B.har"], 2, "WK009"],
  ["a scope that is not there", ["--scope", "nowhere.json", "--har", "A.har"], 2, "WK752"],
  ["a scope for somewhere else", ["--scope", "elsewhere.json", "--har", "A.har", "--har", "B.har"], 2, "WK753"],
  ["a recording that is none", ["--scope", "scope.json", "--har", "scope.json", "--har", "B.har"], 2, "WK750"],
  [
    "a baseline that is none",
    ["--scope", "scope.json", "--har", "A.har", "--har", "B.har", "--baseline", "scope.json"],
    2,
    "WK770",
  ],
  ["one account", ["--scope", "scope.json", "--har", "A.har"], 2, "WK754"],
  ["a header that is none", ["--scope", "scope.json", "--har", "A.har", "--as", "B=secret"], 2, "WK754"],
  ["a document that is none", ["--scope", "scope.json", "--openapi", "A.har", "--as", "A=@A.headers"], 2, "WK751"],
  ["nothing to ask", ["--scope", "scope.json", "--as", "A=@A.headers", "--as", "B=@B.headers"], 2, "WK009"],
])("%s gets one error, and no stack", async (_what, args, code, name) => {
  const ran = await http(...args)
  expect(ran).toMatchObject({ code, stdout: "" })
  expect(ran.stderr.match(/WK\d{3}/g)).toEqual([name])
  expect(ran.stderr).not.toMatch(/\n\s+at |secret/)
})

test("a server that is gone is exit code 3", slow, async () => {
  const scope = { hosts: ["127.0.0.1:1"], requestsPerSecond: 100, stopAt: "2099-01-01T00:00:00Z", maxRequests: 100 }
  await writeFile(join(folder, "gone.json"), JSON.stringify(scope))
  const accounts = ["--as", "A=@A.headers", "--as", "B=@B.headers", "--base-url", "http://127.0.0.1:1"]
  const ran = await http("--scope", "gone.json", "--openapi", "openapi.json", ...accounts)
  expect(ran).toMatchObject({ code: 3, stdout: "" })
  expect(ran.stderr).toContain("WK755")
})
