import { once } from "node:events"
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  unlinkSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { unprivilegedAccount } from "../src/account.ts"
import { embeddedBinaries, serverBinaries } from "../src/binaries.ts"
import { reapAbandoned } from "../src/home.ts"
import { legFromEnvironment, startEmbedded, withClient } from "../src/index.ts"
import { majorOf } from "../src/leg.ts"
import { isRunning } from "../src/processes.ts"
import { compiledHarness, type Ending, type Started, startInChild } from "./child.ts"

const binaries = serverBinaries(majorOf(legFromEnvironment()))
const account = unprivilegedAccount()
const withinMs = 5_000
let compiled: string

beforeAll(() => {
  compiled = compiledHarness()
})
afterAll(() => rmSync(compiled, { recursive: true }))

const start = (ending: Ending) => startInChild(compiled, binaries ?? "", ending)
const isGone = ({ pid, folder }: Omit<Started, "child">) => !isRunning(pid) && !existsSync(folder)

async function goneAfter(server: Started): Promise<number> {
  if (server.child.exitCode === null && server.child.signalCode === null) await once(server.child, "exit")
  const began = Date.now()
  while (!isGone(server) && Date.now() - began < withinMs) await sleep(20)
  return Date.now() - began
}

describe.skipIf(binaries === undefined)("a server and its folder disappear with their process", () => {
  test.each(["stop", "return", "exit", "throw"] as const)("that ends by %s", async (ending) => {
    const server = await start(ending)
    expect(await goneAfter(server)).toBeLessThan(withinMs)
    expect(isGone(server)).toBe(true)
  })

  test.each(["SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"] as const)("that ends by %s", async (signal) => {
    const server = await start("wait")
    expect(isRunning(server.pid)).toBe(true)
    server.child.kill(signal)
    expect(await goneAfter(server)).toBeLessThan(withinMs)
    expect(isGone(server)).toBe(true)
  })

  test("that is killed together with its guard: at the next start", async () => {
    const server = await start("wait")
    const owner = JSON.parse(readFileSync(join(server.folder, "owner.json"), "utf8")) as { guard: number }
    process.kill(owner.guard, "SIGKILL")
    server.child.kill("SIGKILL")
    await once(server.child, "exit")
    await sleep(200)
    expect(isRunning(server.pid)).toBe(true)
    expect(reapAbandoned()).toContain(server.folder)
    expect(isGone(server)).toBe(true)
  })

  test("but not with another process", async () => {
    const server = await start("wait")
    expect(reapAbandoned()).not.toContain(server.folder)
    expect(isRunning(server.pid)).toBe(true)
    server.child.kill("SIGKILL")
    await goneAfter(server)
  })
})

describe.skipIf(embeddedBinaries() === undefined || legFromEnvironment() === "pg15")("binaries", () => {
  let clone: string
  let bin: string

  beforeEach(() => {
    clone = mkdtempSync(join(tmpdir(), "wardkeep-clone-"))
    cpSync(dirname(embeddedBinaries() ?? ""), clone, { recursive: true, verbatimSymlinks: true })
    bin = join(clone, "bin")
  })
  afterEach(() => rmSync(clone, { recursive: true, force: true }))

  async function answers(): Promise<void> {
    const server = await startEmbedded({ binaries: bin })
    try {
      const { rows } = await withClient(server.url, (client) => client.query("select 1 as one"))
      expect(rows).toEqual([{ one: 1 }])
    } finally {
      await server.stop()
    }
  }

  test.skipIf(account === undefined)("in a clone that only root may enter", async () => {
    chmodSync(clone, 0o700)
    for (const file of readdirSync(bin)) chmodSync(join(bin, file), 0o700)
    await answers()
  })

  test("without the links that install scripts make", async () => {
    const lib = join(clone, "lib")
    const links = readdirSync(lib).filter((name) => lstatSync(join(lib, name)).isSymbolicLink())
    for (const name of links) unlinkSync(join(lib, name))
    await answers()
  })

  test.skipIf(account === undefined)("run by a process that is not root", async () => {
    chmodSync(clone, 0o755)
    const server = await startInChild(compiled, bin, "wait", account)
    expect(lstatSync(server.folder).uid).toBe(account?.uid)
    server.child.kill("SIGKILL")
    await goneAfter(server)
    expect(isGone(server)).toBe(true)
  })
})
