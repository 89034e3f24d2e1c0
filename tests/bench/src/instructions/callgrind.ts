import { spawnSync } from "node:child_process"
import { readdirSync, readFileSync, rmSync } from "node:fs"
import { join } from "node:path"
import { unprivilegedAccount } from "../../../harness/src/account.ts"
import type { EmbeddedServer } from "../../../harness/src/embedded.ts"
import { instructionsOf } from "./totals.ts"

const programs = ["valgrind", "vgdb"] as const

/** What to do before instructions can be counted here; undefined where nothing is missing. */
export function missing(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const absent = programs.filter((name) => spawnSync(name, ["--help"], { env: environment }).error !== undefined)
  if (absent.length === 0) return undefined
  return `Instructions are counted with valgrind, and ${absent.join(" and ")} cannot be run here. Install the package valgrind (Debian and Ubuntu: apt-get install valgrind; Fedora: dnf install valgrind), then run this again.`
}

const counts = "callgrind.out."
const pipes = "vgdb"

/** The server under callgrind, which counts nothing until it is told to. `data` is where it may write. */
export function underCallgrind(data: string): string[] {
  return [
    "valgrind",
    "--quiet",
    "--tool=callgrind",
    "--trace-children=yes",
    "--instr-atstart=no",
    `--callgrind-out-file=${join(data, counts)}%p`,
    `--vgdb-prefix=${join(data, pipes)}`,
  ]
}

/** Counts what single backends of a server execute that was started under callgrind. */
export class Counter {
  readonly #data: string

  constructor({ folder }: Pick<EmbeddedServer, "folder">) {
    this.#data = join(folder, "data")
  }

  /** The backend's instructions from before `work` to after it, and what it takes to begin and to end counting. */
  async count(backend: number, work: () => Promise<void>): Promise<number> {
    this.#tell(backend, "instrumentation", "on")
    await work()
    this.#tell(backend, "instrumentation", "off")
    this.#tell(backend, "dump")
    return this.#taken(backend)
  }

  #tell(backend: number, ...command: string[]): void {
    const args = [`--pid=${backend}`, `--vgdb-prefix=${join(this.#data, pipes)}`, ...command]
    // As whom the server runs, or both wait for each other. The pipes are named after the user and the host that the
    // environment says, and the server was started with neither.
    const env = { PATH: process.env.PATH }
    const told = spawnSync("vgdb", args, { ...unprivilegedAccount(), cwd: "/", env, encoding: "utf8", timeout: 60_000 })
    if (told.status !== 0)
      throw new Error(`vgdb ${command.join(" ")} failed: ${told.error?.message ?? told.stderr ?? told.signal}`)
  }

  #taken(backend: number): number {
    const files = readdirSync(this.#data).filter((name) => name.startsWith(`${counts}${backend}.`))
    if (files.length === 0) throw new Error(`callgrind wrote no counts of process ${backend}`)
    let sum = 0
    for (const name of files) {
      const file = join(this.#data, name)
      sum += instructionsOf(readFileSync(file, "utf8"))
      rmSync(file)
    }
    return sum
  }
}
