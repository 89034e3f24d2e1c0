import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import { Tally } from "./tally.mjs"

const folder = mkdtempSync(join(tmpdir(), "wardkeep-tally-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function tallied(code: number, report: object | undefined): Tally {
  const file = join(folder, `${Math.random()}.json`)
  if (report !== undefined) writeFileSync(file, JSON.stringify(report))
  const tally = new Tally()
  tally.vitest("run", code, file)
  return tally
}

const report = (passed: number, ...failed: string[]) => ({ passed, skipped: 0, failed })

test("passed and failed are added over runs and checks", () => {
  const tally = new Tally()
  tally.check("lint", true)
  tally.check("types", false)
  expect(tally.lastLine).toBe("1 passed, 1 failed")
  expect(tallied(0, report(7)).lastLine).toBe("7 passed, 0 failed")
  expect(tallied(1, report(6, "a.test.ts > adds")).lastLine).toBe("6 passed, 1 failed")
})

test("a run without a report counts as failed", () => {
  expect(tallied(1, undefined).lastLine).toBe("0 passed, 1 failed")
  expect(tallied(0, undefined).lastLine).toBe("0 passed, 1 failed")
})

test("a crash after green tests counts as failed", () => {
  expect(tallied(1, report(7)).lastLine).toBe("7 passed, 1 failed")
})

test("what failed is named below its run", () => {
  expect(tallied(1, report(6, "a.test.ts > adds: expected 2 to be 3")).notes).toEqual([
    "run: 6 passed, 1 failed",
    "  failed: a.test.ts > adds: expected 2 to be 3",
  ])
})

test("a run in two parts counts both, and the first not at all only as a failure", () => {
  const file = join(folder, "before.json")
  const [first, second, alone] = [new Tally(file), new Tally(), new Tally()]
  first.check("lint", true)
  first.check("types", false)
  first.save()
  second.continueFrom(file)
  second.check("pg15", true)
  expect(second.lastLine).toBe("2 passed, 1 failed")
  expect(second.notes).toEqual(["lint: passed", "types: FAILED", "pg15: passed"])
  alone.continueFrom(join(folder, "never-written.json"))
  expect(alone.lastLine).toBe("0 passed, 1 failed")
})

test("what an older run left is not counted for a run that does not come to its end", () => {
  const file = join(folder, "again.json")
  const older = new Tally(file)
  older.check("lint", true)
  older.save()
  const [, second] = [new Tally(file), new Tally()]
  second.continueFrom(file)
  expect(second.lastLine).toBe("0 passed, 1 failed")
})
