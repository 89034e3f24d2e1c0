import { once } from "node:events"
import { connect } from "node:net"
import { Worker } from "node:worker_threads"

/** What a delay proxy adds to a round trip, in milliseconds. */
export interface DelayAccuracy {
  readonly wanted: number
  readonly median: number
  readonly p10: number
  readonly p90: number
}

// In a thread of its own: the round trip that is compared must cross threads, as one to a server does.
const echoSource = `
const { createServer } = require("node:net")
const { parentPort } = require("node:worker_threads")
const server = createServer((socket) => { socket.setNoDelay(true); socket.on("error", () => {}); socket.pipe(socket) })
server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port))
`

export interface EchoServer {
  readonly port: number
  stop(): Promise<unknown>
}

export async function startEcho(): Promise<EchoServer> {
  const worker = new Worker(echoSource, { eval: true })
  const [port] = (await once(worker, "message")) as [number]
  return { port, stop: () => worker.terminate() }
}

/** Sorted round trips through `port`, in milliseconds. */
export async function roundTrips(port: number, count: number): Promise<number[]> {
  const socket = connect(port, "127.0.0.1").setNoDelay(true)
  await once(socket, "connect")
  const times: number[] = []
  const warmUp = Math.ceil(count / 5)
  for (let turn = -warmUp; turn < count; turn++) {
    const began = performance.now()
    socket.write("ping")
    await once(socket, "data")
    if (turn >= 0) times.push(performance.now() - began)
  }
  socket.destroy()
  return times.sort((a, b) => a - b)
}

export const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN

export function accuracy(wanted: number, direct: readonly number[], proxied: readonly number[]): DelayAccuracy {
  const base = quantile(direct, 0.5)
  const added = (share: number) => quantile(proxied, share) - base
  return { wanted, median: added(0.5), p10: added(0.1), p90: added(0.9) }
}

/** Most milliseconds by which a measurement's round trip may differ from the one it is named after. */
const tolerance = 0.2

/** A figure "with 1 ms round trip" that was taken over another one would be no figure of it. */
export function requireAccurate({ wanted, median }: DelayAccuracy): void {
  if (Math.abs(median - wanted) <= tolerance) return
  throw new Error(
    `the delay adds ${median.toFixed(3)} ms instead of ${wanted}: measure again when nothing else runs on the machine`,
  )
}
