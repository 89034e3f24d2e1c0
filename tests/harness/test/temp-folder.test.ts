import { existsSync, mkdirSync, mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { expect, test } from "vitest"
import setup from "../src/temp-folder.ts"

test("a folder that a test leaves behind fails the run, and goes with it", async () => {
  const before = tmpdir()
  const teardown = setup()
  const left = mkdtempSync(join(tmpdir(), "wardkeep-left-"))
  expect(dirname(dirname(left))).toBe(before)
  const code = process.exitCode
  await expect(teardown()).rejects.toThrow(/left folders in the temp folder: wardkeep-left-/)
  expect(process.exitCode).toBe(1)
  process.exitCode = code
  expect(existsSync(dirname(left))).toBe(false)
  expect(tmpdir()).toBe(before)
})

test("a run that leaves nothing of ours ends well, whatever programs keep in their own folders", async () => {
  const teardown = setup()
  mkdirSync(join(tmpdir(), "node-compile-cache"))
  await teardown()
})

test("tests run in a temp folder of their run", () => {
  expect(tmpdir()).toMatch(/wardkeep-run-\w+$/)
})
