import { spawn } from "node:child_process"
import { once } from "node:events"
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { serialize } from "node:v8"
import { build } from "esbuild"
import type { Orders } from "./reader.ts"

/** One row in the hands of a caller. */
export interface Handed {
  readonly request: string
  readonly way: string
  readonly person: string
  /** Nanoseconds of the machine's clock that only goes forward. */
  readonly at: bigint
}

export interface Said {
  readonly handed: readonly Handed[]
  /** Codes of what failed, with the way. */
  readonly failed: readonly string[]
}

export interface ReadingProcess {
  /** Resolves once it has handed out rows in at least so many readings. */
  hasRead(least: number): Promise<void>
  /** What it has printed up to now. */
  said(): Said
  /** Kills it, and says what it had printed until then. */
  kill(): Promise<Said>
}

/** The reader and everything below it as one file, of the sources as they are. */
export async function bundleReader(folder: string): Promise<string> {
  const outfile = join(folder, "reader.mjs")
  await build({
    entryPoints: [fileURLToPath(new URL("./reader.ts", import.meta.url))],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    conditions: ["@wardkeep/source"],
    external: ["pg-native"],
    banner: { js: 'import { createRequire } from "node:module"\nconst require = createRequire(import.meta.url)' },
    logLevel: "silent",
  })
  return outfile
}

export function startReading(folder: string, orders: Orders): ReadingProcess {
  const [told, printed] = [join(folder, `${orders.name}.orders`), join(folder, `${orders.name}.printed`)]
  writeFileSync(told, serialize(orders))
  const out = openSync(printed, "w")
  const child = spawn(process.execPath, [join(folder, "reader.mjs"), told], { stdio: ["pipe", out, "pipe"] })
  closeSync(out)
  let complaint = ""
  child.stderr?.on("data", (text: Buffer) => {
    complaint += text.toString()
  })
  const ended = once(child, "close")
  const requireAlive = (): void => {
    if (child.exitCode !== null) throw new Error(`the reader ended by itself: ${complaint}`)
  }
  const said = (): Said => saidIn(readFileSync(printed, "utf8"))
  return {
    said,
    async hasRead(least) {
      for (let turns = 0; ; turns++) {
        requireAlive()
        const { handed, failed } = said()
        if (new Set(handed.map(({ request }) => request)).size >= least) return
        if (turns > 6000) throw new Error(`the reader reads too little: ${failed.join(", ")}`)
        await sleep(5)
      }
    },
    async kill() {
      requireAlive()
      child.kill("SIGKILL")
      await ended
      return said()
    },
  }
}

function saidIn(printed: string): Said {
  const handed: Handed[] = []
  const failed: string[] = []
  // A line is one write, so that there is no half of one.
  for (const line of printed.split("\n").slice(0, -1)) {
    const [first = "", way = "", person = "", at = ""] = line.split(" ")
    if (first === "failed") failed.push(`${way} ${person}`)
    else handed.push({ request: first, way, person, at: BigInt(at) })
  }
  return { handed, failed }
}
