import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { emptyFolder } from "#tests/cli/run-cli.ts"
import { root, run } from "./run.mjs"

test("names what fails, a file that cannot be loaded or set up, and an error that no test waited for; counts the rest", async () => {
  const folder = await emptyFolder()
  const write = (name: string, text: string): void =>
    writeFileSync(join(folder, name), `import { beforeAll, describe, expect, it } from "vitest"\n${text}`)
  write(
    "a.test.mjs",
    `describe("sums", () => { it("add", () => expect(1 + 1).toBe(3)); it("end", () => expect(2).toBe(2)); it("wait", ({ skip }) => skip("a reason")) })`,
  )
  write("b.test.mjs", `throw new Error("not to be loaded")`)
  write(
    "c.test.mjs",
    `describe("rooms", () => { beforeAll(() => { throw new Error("no room") }); it("stand", () => expect(2).toBe(2)) })`,
  )
  write("d.test.mjs", `it("goes on", () => { setImmediate(() => { throw new Error("nobody waits") }) })`)
  write(
    "e.test.mjs",
    `it("is drawn", () => { throw new Error("Property failed\\n{ seed: 7 }\\nCounterexample: [3]\\nHint: none") })`,
  )
  const file = join(folder, "report.json")
  const args = [
    `${root}node_modules/vitest/vitest.mjs`,
    "run",
    `--root=${folder}`,
    `--reporter=${root}tests/scripts/report.mjs`,
  ]
  const code = await run(process.execPath, args, { env: { WARDKEEP_TEST_REPORT: file }, quiet: true })
  expect(code).toBe(1)
  const { failed, ...counts } = JSON.parse(readFileSync(file, "utf8"))
  expect(counts).toEqual({ passed: 2, skipped: 2 })
  expect(failed.sort()).toEqual([
    "a.test.mjs > sums > add: expected 2 to be 3 // Object.is equality",
    "b.test.mjs: not to be loaded",
    "c.test.mjs: no room",
    "e.test.mjs > is drawn: Property failed { seed: 7 } Counterexample: [3]",
    "no test: nobody waits",
  ])
})
