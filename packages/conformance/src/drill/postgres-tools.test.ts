import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { toolsFor } from "./postgres-tools.js"

let folder = ""
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "wardkeep-tools-"))
  vi.stubEnv("PATH", folder)
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

function install(tool: string, version: string): void {
  writeFileSync(join(folder, tool), `#!${process.execPath}\nconsole.log("${tool} (PostgreSQL) ${version}")\n`)
  chmodSync(join(folder, tool), 0o755)
}

test("a machine without pg_dump says which program to install", async () => {
  expect((await toolsFor(180004)).missing).toMatch(/^pg_dump is not on the PATH; install .* PostgreSQL 18 or later/)
})

test("a pg_dump older than the server is refused, as it would refuse itself", async () => {
  install("pg_dump", "15.18 (Debian 15.18-0+deb12u1)")
  expect((await toolsFor(180004)).missing).toMatch(/^pg_dump is version 15 and the server 18/)
})

test("pg_restore is needed too, and both of the server's version or later will do", async () => {
  install("pg_dump", "18.4")
  expect((await toolsFor(180004)).missing).toMatch(/^pg_restore is not on the PATH/)
  install("pg_restore", "19.0")
  expect(await toolsFor(180004)).toEqual({})
})
