import { execFileSync, spawnSync } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterEach, beforeEach, expect, test } from "vitest"
import { parse } from "yaml"
import { z } from "zod"
import { leaking } from "../report/sample-report.js"

const step = z.strictObject({
  name: z.string(),
  id: z.string().optional(),
  if: z.string().optional(),
  shell: z.literal("bash").optional(),
  env: z.record(z.string(), z.string()).optional(),
  run: z.string().optional(),
  uses: z.string().optional(),
  with: z.record(z.string(), z.string()).optional(),
})
const action = z
  .object({
    inputs: z.record(z.string(), z.object({ description: z.string(), default: z.string().optional() })),
    runs: z.object({ using: z.literal("composite"), steps: z.array(step) }),
  })
  .parse(parse(readFileSync(fileURLToPath(new URL("../../action/action.yml", import.meta.url)), "utf8")))
const { steps } = action.runs
const verify = steps.find(({ id }) => id === "verify")!
const comment = steps.find(({ name }) => name.startsWith("Comment"))!
const verdict = steps.find(({ name }) => name === "Verdict")!

let folder = ""
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "wardkeep-action-"))
  mkdirSync(join(folder, "bin"))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A program on PATH that writes down how it was called, one JSON list a line. */
function fake(name: string, then: string): void {
  const record = `require("node:fs").appendFileSync(${JSON.stringify(join(folder, `${name}.log`))}, JSON.stringify(args) + "\\n")`
  const text = `#!${process.execPath}\nconst args = process.argv.slice(2)\n${record}\n${then}\n`
  writeFileSync(join(folder, "bin", name), text)
  chmodSync(join(folder, "bin", name), 0o755)
}

/** Stands in for `npx wardkeep@…`: writes the report that a run would write, and exits as it would. */
function fakeNpx(report: object | undefined, code: number): void {
  const file = join(folder, "made.json")
  writeFileSync(file, JSON.stringify(report ?? {}))
  const connections = `require("node:fs").writeFileSync(${JSON.stringify(join(folder, "connections"))}, [process.env.WARDKEEP_ADMIN_URL, process.env.WARDKEEP_APP_URL].join("\\n"))\n`
  const write = `const out = args[args.indexOf("--out") + 1]
const text = args.includes("report") ? "rendered as " + args[args.indexOf("--format") + 1] : require("node:fs").readFileSync(${JSON.stringify(file)})
require("node:fs").writeFileSync(out, text)`
  fake("npx", `${connections}${report === undefined ? "" : write}\nprocess.exitCode = ${code}`)
}

const calls = (name: string): string[][] =>
  readFileSync(join(folder, `${name}.log`), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))

/** Runs a step as the runner does: inputs and earlier outputs put into its variables, `bash -eo pipefail`. */
function run(one: z.infer<typeof step>, given: Readonly<Record<string, string>>) {
  const values: Record<string, string> = {
    ...Object.fromEntries(
      Object.entries(action.inputs).map(([name, { default: text = "" }]) => [`inputs.${name}`, text]),
    ),
    "runner.temp": folder,
    ...given,
  }
  const env = Object.entries(one.env ?? {}).map(([name, text]) => [
    name,
    text.replace(/\$\{\{\s*([\w.-]+)\s*\}\}/g, (_, expression: string) => values[expression] ?? ""),
  ])
  const file = join(folder, "step.sh")
  writeFileSync(file, one.run ?? "")
  return spawnSync("bash", ["--noprofile", "--norc", "-eo", "pipefail", file], {
    cwd: folder,
    encoding: "utf8",
    env: {
      PATH: `${join(folder, "bin")}:${process.env.PATH}`,
      GITHUB_OUTPUT: join(folder, "output"),
      GITHUB_STEP_SUMMARY: join(folder, "summary"),
      ...Object.fromEntries(env),
    },
  })
}

const outputs = (): Record<string, string> =>
  Object.fromEntries(
    readFileSync(join(folder, "output"), "utf8")
      .trim()
      .split("\n")
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  )

const inputs = {
  "inputs.version": "0.4.0",
  "inputs.database-url": "postgres://admin:p%40ss@db/clinic",
  "inputs.app-url": "postgres://app@db/clinic",
}

test("every shell step is a script that bash can read, and none of them has an expression in it", () => {
  const scripts = steps.flatMap(({ run: text }) => text ?? [])
  expect(scripts).toHaveLength(3)
  for (const text of scripts) {
    expect(text).not.toContain("${{")
    expect(() => execFileSync("bash", ["-n"], { input: text })).not.toThrow()
  }
})

test("a run is verified once, rendered three times, and its verdict and exit code are handed on", () => {
  fakeNpx(leaking, 1)
  const ran = run(verify, { ...inputs, "inputs.baseline": "accepted.json" })
  expect(ran).toMatchObject({ status: 0, stderr: "" })
  const [first = [], ...rest] = calls("npx")
  const report = join(folder, "wardkeep-report")
  expect(first).toEqual([
    ...["--yes", "wardkeep@0.4.0", "verify", "--target", "target.json", "--mode", "probe"],
    ...["--baseline", "accepted.json", "--format", "json", "--out", join(report, "report.json")],
  ])
  expect(rest.map((args) => args[args.indexOf("--format") + 1])).toEqual(["sarif", "markdown", "html"])
  expect(calls("npx").flat().join(" ")).not.toContain("postgres://")
  expect(readFileSync(join(folder, "connections"), "utf8").split("\n")).toEqual([
    inputs["inputs.database-url"],
    inputs["inputs.app-url"],
  ])
  expect(outputs()).toEqual({ code: "1", verdict: "LEAK", report })
  expect(readFileSync(join(folder, "summary"), "utf8")).toBe("rendered as markdown")
})

test("text of an input is text, not script", () => {
  fakeNpx(leaking, 0)
  const hostile = `'"; touch ${join(folder, "injected")} #$(touch ${join(folder, "injected")})`
  run(verify, { ...inputs, "inputs.target": hostile, "inputs.app-url": hostile, "inputs.mode": hostile })
  expect(existsSync(join(folder, "injected"))).toBe(false)
  expect(calls("npx")[0]?.filter((word) => word === hostile)).toHaveLength(2)
  expect(readFileSync(join(folder, "connections"), "utf8")).toContain(hostile)
})

test("a run that could not connect has no verdict, renders nothing, and still fails the job", () => {
  fakeNpx(undefined, 3)
  expect(run(verify, inputs).status).toBe(0)
  expect(calls("npx")).toHaveLength(1)
  expect(outputs()).toMatchObject({ code: "3", verdict: "" })
  expect(run(verdict, { "steps.verify.outputs.code": "3" })).toMatchObject({
    status: 3,
    stdout: "wardkeep verify: no report, exit code 3\n",
  })
})

test("a report of an earlier run is never taken for this one's", () => {
  fakeNpx(leaking, 1)
  run(verify, inputs)
  fakeNpx(undefined, 3)
  rmSync(join(folder, "output"))
  run(verify, inputs)
  expect(outputs().verdict).toBe("")
})

test("a report that cannot be rendered fails the step", () => {
  fake(
    "npx",
    `if (args.includes("report")) process.exit(2)\nrequire("node:fs").writeFileSync(args.at(-1), '{"verdict":"LEAK"}')`,
  )
  const ran = run(verify, inputs)
  expect(ran.status).toBe(2)
  expect(ran.stdout).toContain("::error::")
})

test("the comment is written once and replaced after that", () => {
  fake("gh", "")
  const given = { "github.event.pull_request.number": "7", "steps.verify.outputs.report": "/r" }
  expect(run(comment, given).status).toBe(0)
  expect(calls("gh")).toEqual([
    ["pr", "comment", "7", "--body-file", "/r/report.md", "--edit-last", "--create-if-none"],
  ])
})

test.each([["0"], ["1"], ["4"]])("the job ends with exit code %s of the run, whatever was uploaded", (code) => {
  const given = { "steps.verify.outputs.code": code, "steps.verify.outputs.verdict": "LEAK" }
  expect(run(verdict, given).status).toBe(Number(code))
  expect(verdict.if).toContain("always()")
})
