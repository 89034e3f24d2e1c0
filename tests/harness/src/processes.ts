import { spawnSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
}

/** Tells a process from a later one that got the same pid. Empty where the system does not say. */
export function startTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    // The second field, the name, may hold spaces and brackets: count from the last bracket.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? ""
  } catch {
    return ""
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
