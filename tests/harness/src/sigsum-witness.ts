import { spawn, spawnSync } from "node:child_process"
import { createHash, type KeyObject } from "node:crypto"
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { makeHome } from "./home.ts"
import { accepts, freePort } from "./port.ts"

/** Sigsum's witness on loopback: a C2SP witness that others wrote. It cosigns one log, of the name that Sigsum gives its key. */
export interface SigsumWitness {
  readonly address: string
  readonly vkey: string
  /** What the log's checkpoints have to be called. */
  readonly origin: string
  /** From now on it accepts connections and answers nothing. */
  pause(): void
  resume(): void
  stop(): Promise<void>
}

/** @param folder what holds `usr/bin/sigsum-witness`; `npm run counterparts` fetches one and names it in WARDKEEP_SIGSUM */
export async function startSigsumWitness(log: KeyObject, folder = process.env.WARDKEEP_SIGSUM): Promise<SigsumWitness> {
  if (folder === undefined) throw new Error("WARDKEEP_SIGSUM names no folder; npm run counterparts sets it")
  const home = makeHome(undefined)
  const inside = (file: string): string => join(home.path, file)
  const program = (name: string): string => join(folder, "usr/bin", name)
  const output = openSync(inside("witness.log"), "a")
  try {
    const made = spawnSync(program("sigsum-key"), ["generate", "-o", inside("key")], { encoding: "utf8" })
    if (made.status !== 0) throw new Error(`sigsum-key ended with ${made.status}: ${made.stderr}`)
    const trusted = log.export({ type: "spki", format: "der" }).subarray(-32)
    writeFileSync(inside("log.pub"), `ssh-ed25519 ${openSsh(trusted).toString("base64")} log\n`)
    const port = await freePort()
    const files = ["-k", inside("key"), "--log-key", inside("log.pub"), "--state-file", inside("state")]
    const child = spawn(program("sigsum-witness"), [...files, `127.0.0.1:${port}`], {
      cwd: "/",
      detached: true,
      stdio: ["ignore", output, output],
      // Debian's build takes the routes of Go 1.22 for those of 1.21 unless it is told, and then answers 404 to everything.
      env: { GODEBUG: "httpmuxgo121=0" },
    })
    child.on("error", () => undefined)
    child.unref()
    const { pid } = child
    if (pid === undefined) throw new Error(`${program("sigsum-witness")} cannot be run`)
    writeFileSync(inside("witness.pid"), `${pid}\n`)
    await untilListening(port)
    const raw = Buffer.from(readFileSync(inside("key.pub"), "utf8").split(" ")[1] ?? "", "base64").subarray(-32)
    return {
      address: `http://127.0.0.1:${port}`,
      vkey: verifierKey(`sigsum.org/v1/witness/${sha256(raw).toString("hex")}`, raw),
      origin: `sigsum.org/v1/tree/${sha256(trusted).toString("hex")}`,
      pause: () => void process.kill(pid, "SIGSTOP"),
      resume: () => void process.kill(pid, "SIGCONT"),
      stop: () => home.remove(),
    }
  } catch (error) {
    const told = readFileSync(inside("witness.log"), "utf8")
    await home.remove()
    throw new Error(`Sigsum's witness did not start: ${String(error)}\n${told}`)
  } finally {
    closeSync(output)
  }
}

const sha256 = (bytes: Buffer): Buffer => createHash("sha256").update(bytes).digest()

/** C2SP signed-note; the type of a cosigner's Ed25519 key is 4. */
function verifierKey(name: string, raw: Buffer): string {
  const typed = Buffer.concat([Buffer.of(4), raw])
  const id = sha256(Buffer.concat([Buffer.from(`${name}\n`), typed])).subarray(0, 4)
  return `${name}+${id.toString("hex")}+${typed.toString("base64")}`
}

/** RFC 8709: the kind and the key's 32 bytes, each behind its length. */
function openSsh(raw: Buffer): Buffer {
  const parts = [Buffer.from("ssh-ed25519"), raw]
  return Buffer.concat(parts.flatMap((part) => [Buffer.of(0, 0, 0, part.length), part]))
}

async function untilListening(port: number): Promise<void> {
  const deadline = Date.now() + 20_000
  while (!(await accepts(port))) {
    if (Date.now() > deadline) throw new Error("it does not listen")
    await sleep(20)
  }
}
