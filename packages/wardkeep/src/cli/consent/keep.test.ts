import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { beforeAll, expect, it } from "vitest"
import { callCli } from "#tests/cli/call-cli.ts"
import { emptyFolder } from "#tests/cli/run-cli.ts"

let folder = ""
const attested = "attested.json"
const keep = (...args: string[]) => callCli(folder, ["rights", "keep", "--on", "2026-11-28", ...args])

beforeAll(async () => {
  folder = await emptyFolder()
  await writeFile(join(folder, attested), '[{"rule":"inpatient-imc","by":"Dr Devi","on":"2026-11-01"}]')
  await writeFile(join(folder, "bad.json"), "{}")
  await writeFile(join(folder, "nobody.json"), '[{"rule":"inpatient-imc","on":"2026-11-01"}]')
})

it("writes what an erasure keeps, by which rule and until when, once a named person stands for the rule", async () => {
  const open = await keep("--record", "inpatient=2025-02-01")
  expect(open).toMatchObject({ code: 4, stdout: "" })
  expect(open.stderr).toContain("nobody attested how long records are kept under inpatient-imc")
  const made = await keep("--record", "inpatient=2025-02-01", "--attested", attested, "--out", "keep.json")
  expect(made.stderr).toBe("")
  // Three years from the start of treatment, from the first moment of the day in India.
  expect(made.stdout).toMatch(/^2028-01-31T18:30:00.000Z {2}inpatient: .*regulation 1\.3\.1 \(inpatient-imc\)\nwritten/)
  expect(JSON.parse(await readFile(join(folder, "keep.json"), "utf8"))).toMatchObject([
    { record: "inpatient", rule: "inpatient-imc", until: "2028-01-31T18:30:00.000Z" },
  ])
  const over = await keep("--record", "inpatient=2020-02-01", "--attested", attested, "--json")
  expect(JSON.parse(over.stdout)).toEqual({ on: "2026-11-28", free: ["inpatient"], keep: [] })
})

it.each([
  ["a class that no rule is about", ["--record", "selfies=2025-02-01"], /no rule is about such records/],
  ["no day", ["--record", "inpatient"], /a record is a class and the day/],
  ["a day that is none", ["--record", "inpatient=2025-02-40"], /a record is a class and the day/],
  ["attestations that are none", ["--record", "inpatient=2025-02-01", "--attested", "bad.json"], /no JSON list/],
  ["an attestation by nobody", ["--record", "inpatient=2025-02-01", "--attested", "nobody.json"], /no JSON list/],
])("refuses %s", async (_what, args, words) => {
  const { code, stderr } = await keep(...args)
  expect(code).toBe(2)
  expect(stderr).toMatch(words)
})
