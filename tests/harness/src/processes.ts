import { spawnSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"

/** A zombie is not running: it holds neither files nor ports, and may stay for as long as its parent. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false
  }
  return statFields(pid)[0] !== "Z"
}

/** Tells a process from a later one that got the same pid. Empty where the system does not say. */
export const startTime = (pid: number): string => statFields(pid)[19] ?? ""

/** What Linux says about a process, from its state on; empty elsewhere. */
function statFields(pid: number): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    // The second field, the name, may hold spaces and brackets: count from the last bracket.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  } catch {
    return []
  }
}

/** Kills the daemon named by a pid file, but only if its command line names our folder. */
export function killDaemon(pidFile: string, folder: string): void {
  if (!existsSync(pidFile)) return
  const pid = Number.parseInt(readFileSync(pidFile, "utf8"), 10)
  if (!(pid > 1) || !commandLine(pid).includes(folder)) return
  process.kill(pid, "SIGQUIT")
  const deadline = Date.now() + 5_000
  while (isRunning(pid) && Date.now() < deadline) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
  if (isRunning(pid)) process.kill(pid, "SIGKILL")
}

function commandLine(pid: number): string {
  const file = `/proc/${pid}/cmdline`
  if (existsSync(file)) return readFileSync(file, "utf8")
  return spawnSync("ps", ["-p", String(pid), "-o", "command="], { encoding: "utf8" }).stdout ?? ""
}
