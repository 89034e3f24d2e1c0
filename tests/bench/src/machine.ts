import { execFileSync } from "node:child_process"
import { readdirSync } from "node:fs"
import { cpus, loadavg, platform, release, totalmem } from "node:os"

export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memoryGiB: number
  readonly system: string
  /** Average number of running processes over the last minute, before the first bench. */
  readonly load: number
}

export function describeMachine(): Machine {
  const [first] = cpus()
  return {
    processor: first?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()}`,
    load: Number((loadavg()[0] ?? 0).toFixed(2)),
  }
}

/**
 * Puts client and server on one core or sets them free. On different cores a wake-up doubles the floor and hides the
 * prologue; unpinned runs jump between the two, so small ratios mean something only when both share a core.
 */
export class Placement {
  readonly #postmaster: number | undefined
  readonly #core = String(Math.max(0, cpus().length - 1))
  readonly #all = `0-${Math.max(0, cpus().length - 1)}`

  constructor(postmaster: number | undefined) {
    this.#postmaster = postmaster
  }

  /** @returns what was done, for the report. `others`: leave the remaining threads of this process their own core. */
  oneCore(): string {
    if (this.#postmaster === undefined || cpus().length < 2) return this.#free()
    try {
      for (const thread of threads()) set(thread, thread === process.pid ? this.#core : this.#others())
      for (const pid of this.servers()) set(pid, this.#core)
      return "client and server on one core"
    } catch {
      return "not pinned: no taskset"
    }
  }

  anyCore(): string {
    return this.#free()
  }

  #free(): string {
    try {
      for (const pid of [...threads(), ...this.servers()]) set(pid, this.#all)
    } catch {
      return "not pinned: no taskset"
    }
    return `free on ${cpus().length} cores`
  }

  #others(): string {
    return `0-${Math.max(0, cpus().length - 2)}`
  }

  /** The postmaster, whose new sessions inherit its place, and the sessions there are. */
  servers(): number[] {
    if (this.#postmaster === undefined) return []
    const children = execFileSync("ps", ["-o", "pid=", "--ppid", String(this.#postmaster)], { encoding: "utf8" })
    return [this.#postmaster, ...children.split("\n").map(Number).filter(Boolean)]
  }
}

/** Threads of this process: the delay proxy works in some of them and must not share the measured core. */
function threads(): number[] {
  return readdirSync("/proc/self/task").map(Number)
}

function set(pid: number, cores: string): void {
  try {
    execFileSync("taskset", ["-cp", cores, String(pid)], { stdio: "ignore" })
  } catch (error) {
    // A session may end between listing and placing it; without taskset nothing can be placed.
    if ((error as { code?: string }).code === "ENOENT") throw error
  }
}
