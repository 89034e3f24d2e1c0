import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest"
import { counterpartEnvironment, names } from "./counterpart-build.mjs"

const pinned = {
  variable: "WARDKEEP_MADE_UP",
  programs: ["made-up"],
  packages: ["libmade-up"],
  version: "1.0-1",
  // Of the text that apt-get below writes.
  sha256: { "libmade-up_1.0-1_amd64.deb": "9ccbd3f1b19a1cdfd8d7c6ae48e9e822e2345f5be1a6187b19e41486c6941004" },
}
let folder: string

/** What stands in the place of apt-get and dpkg: the one leaves an archive, the other unpacks a program. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "wardkeep-counterparts-"))
  program(
    "apt-get",
    'for a in "$@"; do last="$a"; done\nif [ "$last" != update ]; then echo made > libmade-up_1.0-1_amd64.deb; fi',
  )
  program("dpkg", 'mkdir -p "$3/usr/bin"\ncp "$2" "$3/usr/bin/made-up"')
})
afterEach(() => vi.unstubAllEnvs())
afterAll(() => rmSync(folder, { recursive: true }))

function program(name: string, text: string): void {
  mkdirSync(join(folder, "bin"), { recursive: true })
  writeFileSync(join(folder, "bin", name), `#!/bin/sh\n${text}\n`)
  chmodSync(join(folder, "bin", name), 0o755)
}

const withPrograms = (): void => void vi.stubEnv("PATH", [join(folder, "bin"), process.env.PATH].join(delimiter))

test("what has the pinned hash is unpacked, once", async () => {
  withPrograms()
  const cache = join(folder, "right")
  const target = join(cache, "made-up-1.0-1")
  expect(await counterpartEnvironment("made-up", { pinned, folder: cache })).toEqual({ WARDKEEP_MADE_UP: target })
  expect(readFileSync(join(target, "usr/bin/made-up"), "utf8")).toBe("made\n")
  expect(readdirSync(cache)).toEqual(["made-up-1.0-1"])
  const other = { ...pinned, sha256: {} }
  expect(await counterpartEnvironment("made-up", { pinned: other, folder: cache })).toEqual({
    WARDKEEP_MADE_UP: target,
  })
})

test.each([
  ["has another hash", { sha256: {} }, "is not the file that tests/config/counterparts.json names"],
  ["lacks a program", { programs: ["made-up", "another"] }, "the packages came without another"],
])("what %s is refused in words that help, and nothing of it stays", async (_, other, message) => {
  withPrograms()
  const cache = join(folder, "wrong")
  const found = counterpartEnvironment("made-up", { pinned: { ...pinned, ...other }, folder: cache })
  await expect(found).rejects.toThrow(message)
  await expect(found).rejects.toThrow("set WARDKEEP_MADE_UP to the folder above its usr/bin")
  expect(readdirSync(cache)).toEqual([])
})

test("one of one's own is taken instead, if its programs are there", async () => {
  vi.stubEnv("WARDKEEP_MADE_UP", folder)
  await expect(counterpartEnvironment("made-up", { pinned })).rejects.toThrow(`${folder} has no made-up`)
  mkdirSync(join(folder, "usr/bin"), { recursive: true })
  writeFileSync(join(folder, "usr/bin/made-up"), "")
  expect(await counterpartEnvironment("made-up", { pinned })).toEqual({ WARDKEEP_MADE_UP: folder })
})

test("each counterpart is pinned to one version with hashes", () => {
  const all = JSON.parse(readFileSync("tests/config/counterparts.json", "utf8"))
  expect(names).toEqual(["ceph", "sigsum"])
  for (const name of names)
    for (const [file, hash] of Object.entries(all[name].sha256)) {
      expect(file).toContain(`_${all[name].version}_`)
      expect(hash).toMatch(/^[0-9a-f]{64}$/)
    }
})
