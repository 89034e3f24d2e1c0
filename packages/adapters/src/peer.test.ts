import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { afterAll, beforeAll, expect, it } from "vitest"
import { requirePeer } from "./peer.js"

const range = { from: [3, 2], below: [4, 0] } as const
let folder = ""
let where = ""

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wardkeep-peer-"))
  where = pathToFileURL(join(folder, "app.js")).href
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function install(name: string, version: unknown): Promise<string> {
  await mkdir(join(folder, "node_modules", name), { recursive: true })
  await writeFile(join(folder, "node_modules", name, "package.json"), JSON.stringify({ name, version }))
  return name
}

it.each(["3.2.0", "3.10.1"])("lets %s pass", async (version) => {
  const name = await install("orm", version)
  expect(() => requirePeer(name, range, where)).not.toThrow()
})

it.each(["3.1.9", "2.9.0", "4.0.0", "4.0.0-rc.1"])("refuses %s, and says what would do", async (version) => {
  const name = await install("@scope/orm", version)
  expect(() => requirePeer(name, range, where)).toThrowError(
    expect.objectContaining({
      code: "WK009",
      message: `@scope/orm ${version} is installed; this adapter accepts 3.2 and later, below 4.0`,
      hint: expect.stringContaining("docs/reference/adapters.md"),
    }),
  )
})

it("knows nothing of what is not installed or has no version", async () => {
  expect(() => requirePeer("not-there", range, where)).not.toThrow()
  expect(() => requirePeer("not-there", range)).not.toThrow()
  const name = await install("unversioned", undefined)
  expect(() => requirePeer(name, range, where)).not.toThrow()
})
