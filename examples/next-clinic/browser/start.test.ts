import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterEach, beforeEach, expect, test } from "vitest"
import { accepts } from "#tests/harness/src/port.ts"
import { isRunning } from "#tests/harness/src/processes.ts"

const entry = fileURLToPath(new URL("../start.mjs", import.meta.url))
let folder: string
let child: ChildProcess
let said: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "wardkeep-start-"))
  // PostgreSQL refuses to run as root, and its own account must get in.
  chmodSync(folder, 0o755)
  const { WARDKEEP_DATABASE_URL: _, ...inherited } = process.env
  const env = { ...inherited, TMPDIR: folder }
  said = ""
  child = spawn(process.execPath, [entry, "--next", "--patients", "200"], { env, stdio: ["pipe", "pipe", "pipe"] })
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (text) => {
      said += String(text)
    })
})
afterEach(() => {
  child.kill("SIGKILL")
  rmSync(folder, { recursive: true, force: true })
})

const says = async (what: RegExp): Promise<string> => {
  await expect.poll(() => said, { timeout: 100_000 }).toMatch(what)
  return what.exec(said)?.[0] ?? ""
}

/** Of the PostgreSQL that this run started. */
function postmaster(): number {
  const [file] = readdirSync(folder).map((home) => join(folder, home, "data/postmaster.pid"))
  return Number.parseInt(readFileSync(file ?? "", "utf8"), 10)
}

/** Processes below one, as /proc tells them. */
function below(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").split(" ").filter(Boolean).map(Number),
  )
  return [...children, ...children.flatMap(below)]
}

test.each(["SIGINT", "SIGTERM"] as const)(
  "the console that answers is gone after %s, with its PostgreSQL, its folders and everything it started",
  async (signal) => {
    const { origin, port } = new URL(await says(/http:\/\/127\.0\.0\.1:[1-9]\d*/))
    await says(/Ready in/)
    expect((await fetch(`${origin}/sign-in`)).status).toBe(200)
    const processes = [postmaster(), ...below(child.pid ?? 0)]
    expect(processes.length).toBeGreaterThan(2)
    expect(processes.filter((pid) => !isRunning(pid))).toEqual([])
    child.kill(signal)
    expect(await once(child, "exit")).toEqual([0, null])
    expect(processes.filter(isRunning)).toEqual([])
    expect(await accepts(Number(port))).toBe(false)
    expect(readdirSync(folder)).toEqual([])
  },
)

test("told to end while the clinic is made, it ends at once and leaves nothing", async () => {
  await says(/installed the roles/)
  const pid = postmaster()
  child.kill("SIGTERM")
  expect(await once(child, "exit")).toEqual([0, null])
  expect(isRunning(pid)).toBe(false)
  expect(said).not.toContain("Sign in as one of these")
  expect(readdirSync(folder)).toEqual([])
})
