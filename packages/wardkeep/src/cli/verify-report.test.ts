import { generateKeyPairSync, type KeyObject } from "node:crypto"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Report } from "@wardkeep/conformance"
import { afterAll, beforeAll, expect, test } from "vitest"
import type { CommandContext } from "./command-context.js"
import type { ExitCode } from "./exit-code.js"
import { printFailure } from "./failure.js"
import { verifyCommand } from "./verify.js"
import { verifyReportCommand } from "./verify-report.js"

function pemPair(pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject }) {
  return {
    publicKey: pair.publicKey.export({ type: "spki", format: "pem" }).toString(),
    privateKey: pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  }
}
const keys = pemPair(generateKeyPairSync("ed25519"))
const finding = {
  check: "WKC014",
  verdict: "LEAK",
  severity: "leak",
  object: "public.visit",
  message: "Visits of one branch can be read from another.",
  evidence: "canary wkc_1 came back",
  replay: "select 1",
  fix: "alter table visit force row level security",
  cwe: "CWE-639",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N",
} as const
const report: Report = {
  tool: { name: "wardkeep", version: "0.4.0" },
  mode: "probe",
  verdict: "LEAK",
  startedAt: "2026-11-26T21:25:00.000Z",
  seconds: 1.5,
  server: "18.4",
  probes: 3,
  checks: [{ check: "WKC014", title: "Reading", verdict: "LEAK", probes: 3, controls: 1 }],
  findings: [finding],
  notCovered: [],
}
let folder = ""

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wardkeep-report-"))
  await writeFile(join(folder, "report.json"), JSON.stringify(report))
  await writeFile(join(folder, "key.pem"), keys.privateKey)
  await writeFile(join(folder, "key.pub"), keys.publicKey)
})
afterAll(async () => await rm(folder, { recursive: true, force: true }))

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const out: string[] = []
  const err: string[] = []
  const output = {
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
    paint: (_style: string, text: string) => text,
  }
  const { stdin, stdout, stderr } = process
  let code = 0
  const context = {
    surroundings: { env, folder, stdin, stdout, stderr },
    output,
    exitWith: (given: ExitCode) => {
      code = given
    },
  } satisfies CommandContext
  const command = args.includes("report") ? verifyCommand(context) : verifyReportCommand(context)
  command.exitOverride()
  try {
    await command.parseAsync([...args], { from: "user" })
  } catch (error) {
    code = printFailure(error, output, false)
  }
  return { code, out: out.join("\n"), err: err.join("\n") }
}

test("a report is shown again, and exits as its run did", async () => {
  const ran = await run(["report.json"])
  expect(ran).toMatchObject({ code: 1, err: "signature: none" })
  expect(ran.out).toContain("public.visit")
})

test("every format can be written to a file", async () => {
  expect(await run(["report.json", "--format", "html", "--out", "report.html"])).toMatchObject({ code: 1, out: "" })
  expect(await readFile(join(folder, "report.html"), "utf8")).toMatch(/^<!doctype html>/)
  const sarif = await run(["report.json", "--format", "sarif", "--artifact", "db/target.json"])
  expect(sarif.out).toContain('"uri": "db/target.json"')
})

test("under verify, which has options of the same names, it still gets its own", async () => {
  const ran = await run(["report", "report.json", "--format", "junit"])
  expect(ran.code).toBe(1)
  expect(ran.out).toMatch(/^<\?xml/)
  expect((await run(["--format", "markdown", "report", "report.json"])).out).toMatch(/^## /)
})

test("a baseline turns an accepted finding into exit code 0", async () => {
  const entry = {
    check: "WKC014",
    object: "public.visit",
    severity: "leak",
    reason: "closed next week",
    expires: "9999-12-31",
  }
  await writeFile(join(folder, "baseline.json"), JSON.stringify([entry]))
  expect(await run(["report.json", "--baseline", "baseline.json"])).toMatchObject({ code: 0 })
  await writeFile(join(folder, "expired.json"), JSON.stringify([{ ...entry, expires: "2020-01-31" }]))
  const expired = await run(["report.json", "--baseline", "expired.json"])
  expect(expired.code).toBe(1)
  expect(expired.out).toContain("has expired")
})

test("a report is signed with a key from a file or from the environment, and checked with the public half", async () => {
  expect((await run(["report.json", "--sign", "key.pem", "--out", "signed.json"])).code).toBe(1)
  expect(
    (await run(["report.json", "--sign", "--out", "again.json"], { WARDKEEP_REPORT_KEY: keys.privateKey })).code,
  ).toBe(1)
  for (const file of ["signed.json", "again.json"]) {
    expect((await run([file, "--key", "key.pub"])).err).toMatch(/^signature: valid, by key [0-9a-f]{16}$/)
  }
  const unchecked = await run(["signed.json"])
  expect(unchecked.err).toContain("signature: NOT CHECKED")
})

test("a report that was changed after it was signed ends with WK771 and exit code 4, and shows nothing", async () => {
  await run(["report.json", "--sign", "key.pem", "--out", "original.json"])
  const text = await readFile(join(folder, "original.json"), "utf8")
  await writeFile(join(folder, "better.json"), text.replace('"probes": 3', '"probes": 3000'))
  const ran = await run(["better.json", "--key", "key.pub"])
  expect(ran).toMatchObject({ code: 4, out: "" })
  expect(ran.err).toContain("WK771")
})

test.each([
  ["a file that is not there", ["none.json"], "WK009"],
  ["a file that is no report", ["key.pub"], "WK773"],
  ["a format that does not exist", ["report.json", "--format", "pdf"], "WK009"],
  ["an unsigned report where a signed one is demanded", ["report.json", "--key", "key.pub"], "WK773"],
  ["a key that is none", ["report.json", "--sign", "report.json"], "WK772"],
  ["no key to sign with", ["report.json", "--sign"], "WK772"],
  ["a baseline that is none", ["report.json", "--baseline", "report.json"], "WK770"],
  ["a folder that is not there", ["report.json", "--out", "none/report.html"], "WK009"],
])("%s is one clear error and exit code 2", async (_what, args, code) => {
  const ran = await run(args)
  expect(ran).toMatchObject({ code: 2, out: "" })
  expect(ran.err).toContain(code)
})
