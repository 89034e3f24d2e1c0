import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, expect, test, vi } from "vitest"
import { majors, nodeProgram } from "./node-build.mjs"

afterEach(() => vi.unstubAllEnvs())

test("the Node.js that the environment names is taken, once it says that it is one of that major", async () => {
  const [major = ""] = process.versions.node.split(".")
  vi.stubEnv(`WARDKEEP_NODE${major}`, process.execPath)
  expect(await nodeProgram(major)).toEqual({ program: process.execPath, version: process.versions.node })
})

test("a program that is not there, or says that it is another version, is not run", async () => {
  const folder = mkdtempSync(join(tmpdir(), "wardkeep-node-"))
  try {
    const other = join(folder, "node")
    vi.stubEnv("WARDKEEP_NODE24", other)
    await expect(nodeProgram("24")).rejects.toThrow("is not there; WARDKEEP_NODE24 names the program itself")
    writeFileSync(other, "#!/bin/sh\necho v2.4.0\n")
    chmodSync(other, 0o755)
    await expect(nodeProgram("24")).rejects.toThrow("says that it is v2.4.0, and not Node.js 24")
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test("a platform without a build is told so, in words that help", async () => {
  await expect(nodeProgram("22", { platform: "darwin-arm64" })).rejects.toThrow(
    "npm has no build of Node.js 22 for darwin-arm64; set WARDKEEP_NODE22 to its program",
  )
  expect(majors).toEqual(["22", "24"])
})
