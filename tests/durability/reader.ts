import { readFileSync, writeSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import { deserialize } from "node:v8"
import { recordViews } from "@wardkeep/audit"
import type { Policy } from "@wardkeep/core"
import { createWardkeep, type Session, type ViewObserver, type Watch } from "@wardkeep/postgres"
import { generator, pick } from "../fuzz/random.ts"
import { wayOf } from "./ways.ts"

/** What a reading process is told; it reads until it is killed. */
export interface Orders {
  readonly url: string
  readonly policy: Policy
  readonly session: Session
  readonly patients: readonly string[]
  readonly survives: "process" | "server"
  /** Which of the ways it reads in. */
  readonly ways: readonly string[]
  readonly seed: number
  /** The first part of the label of each of its requests. */
  readonly name: string
  /** Rows first and their events afterwards, as a client would do it whose test this is not. */
  readonly handsOutFirst: boolean
}

/** Rows go out at once; each view is recorded a minute later. */
function handingOutFirst(inner: ViewObserver): ViewObserver {
  const following = (watch: Watch): Watch => ({
    selfRecording: () => undefined,
    expectsNothing: () => watch.expectsNothing(),
    again: () => following(watch.again()),
    row: (...args) => watch.row(...args),
    restart: () => watch.restart(),
    release: (...args) => {
      setTimeout(() => void Promise.resolve(watch.release(...args)).catch(() => undefined), 60_000)
      return undefined
    },
  })
  return { watch: (call) => following(inner.watch(call)), copying: (call, ask) => inner.copying(call, ask) }
}

/** Written at once, below all buffers of this process: what was printed stays printed however it ends. */
const print = (...words: (string | bigint)[]): void => void writeSync(1, `${words.join(" ")}\n`)

async function read(orders: Orders): Promise<never> {
  const { url, policy, session, patients, name, handsOutFirst } = orders
  const random = generator(orders.seed)
  const views = recordViews(policy, { survives: orders.survives })
  const wk = createWardkeep({
    pool: { connectionString: url, max: 2 },
    policy,
    views: handsOutFirst ? handingOutFirst(views) : views,
  })
  for (let n = 0; ; n++) {
    const way = pick(random, orders.ways)
    // The first execution of a text is recorded in another way than the later ones.
    const label = random() < 0.2 ? ` as n${n}` : ""
    const text = (columns: string, rest: string): string => `select ${columns}${label} ${rest}`
    const requestId = `${name}-${n}`
    const show = (person: string): void => print(requestId, way, person, process.hrtime.bigint())
    const reading = { patient: pick(random, patients), text }
    try {
      await wk.run(session, { requestId }, () => wayOf(way)(wk, reading, show))
    } catch (error) {
      await sleep(20)
      print("failed", way, error instanceof Error && "code" in error ? String(error.code) : String(error))
    }
  }
}

// Whoever started it is gone: so is what it reads for.
process.stdin.on("close", () => process.exit(1)).resume()
await read(deserialize(readFileSync(process.argv[2] ?? "")) as Orders)
