import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Account, othersMayEnter } from "./account.ts"
import { isRunning, killDaemon, startTime } from "./processes.ts"

const prefix = "wardkeep-run-"
const ownerFile = "owner.json"

/** A folder of one server that disappears with the process that made it, the server included. */
export interface Home {
  readonly path: string
  /** Stops the daemons whose pid files lie in the folder, and deletes it. */
  remove(): Promise<void>
}

interface Owner {
  readonly pid: number
  readonly started: string
  readonly guard: number | undefined
}

/**
 * The guard holds the read end of a pipe and cleans up when the write end closes. The kernel closes it
 * on every way out (return, exit, signal, crash, kill -9), so there are no handlers to forget, and the
 * host's own signal handling stays as it is. A zombie counts as gone: in a container without an init
 * process nobody collects a server whose parent died.
 */
const guardScript = `
trap '' INT TERM HUP
alive() {
  kill -0 "$1" 2> /dev/null && ! grep -q '^State:.*Z' "/proc/$1/status" 2> /dev/null
}
cat > /dev/null
pids=''
for file in "$1"/data/postmaster.pid "$1"/*.pid; do
  [ -f "$file" ] || continue
  pid=$(head -n 1 "$file")
  if [ -r "/proc/$pid/cmdline" ] && ! grep -qF "$1" "/proc/$pid/cmdline"; then continue; fi
  kill -QUIT "$pid" 2> /dev/null && pids="$pids $pid"
done
for pid in $pids; do
  turns=0
  while alive "$pid"; do
    turns=$((turns + 1))
    [ "$turns" -eq 100 ] && kill -KILL "$pid"
    [ "$turns" -gt 120 ] && break
    sleep 0.05
  done
done
rm -rf "$1" || { sleep 0.5; rm -rf "$1"; }
`

export function makeHome(account: Account | undefined): Home {
  const base = baseFolder(account)
  reapAbandoned(base)
  const path = mkdtempSync(join(base, prefix))
  if (account !== undefined) chmodSync(path, 0o711)
  const guard = startGuard(path)
  const owner: Owner = { pid: process.pid, started: startTime(process.pid), guard: guard.pid }
  writeFileSync(join(path, ownerFile), JSON.stringify(owner))
  return {
    path,
    async remove() {
      if (guard.exitCode !== null) return
      guard.ref()
      const gone = once(guard, "exit")
      guard.stdin?.end()
      await gone
      rmSync(path, { recursive: true, force: true })
    },
  }
}

function startGuard(path: string): ChildProcess {
  const guard = spawn("/bin/sh", ["-c", guardScript, "wardkeep-guard", path], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    cwd: "/",
  })
  guard.unref()
  const pipe = guard.stdin as (typeof guard.stdin & { unref?: () => void }) | null
  pipe?.unref?.()
  return guard
}

function baseFolder(account: Account | undefined): string {
  const base = tmpdir()
  return account === undefined || othersMayEnter(base) ? base : "/tmp"
}

/** What guard and owner both left behind: the machine lost power, or both were killed. */
export function reapAbandoned(base: string = tmpdir()): string[] {
  const reaped: string[] = []
  for (const name of readdirSync(base)) {
    if (!name.startsWith(prefix)) continue
    const path = join(base, name)
    if (!isAbandoned(path)) continue
    for (const file of pidFiles(path)) killDaemon(file, path)
    rmSync(path, { recursive: true, force: true })
    reaped.push(path)
  }
  return reaped
}

function pidFiles(path: string): string[] {
  const own = readdirSync(path).filter((name) => name.endsWith(".pid"))
  return ["data/postmaster.pid", ...own].map((name) => join(path, name))
}

function isAbandoned(path: string): boolean {
  try {
    // In a shared temp folder somebody else may have planted a folder of this name.
    if (lstatSync(path).uid !== process.getuid?.()) return false
    const owner = JSON.parse(readFileSync(join(path, ownerFile), "utf8")) as Owner
    return !isRunning(owner.pid) || startTime(owner.pid) !== owner.started
  } catch {
    return false
  }
}
