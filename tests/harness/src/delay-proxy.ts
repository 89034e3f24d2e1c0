import { once } from "node:events"
import { Worker } from "node:worker_threads"
import { accuracy, type DelayAccuracy, roundTrips, startEcho } from "./delay-accuracy.ts"

export interface DelayProxy {
  /** The target's URL with the proxy's address in it. */
  readonly url: string
  readonly port: number
  /** Measured when the proxy started, against an echo server. */
  readonly accuracy: DelayAccuracy
  /** Resets every connection, as a server that crashes does. */
  killAll(): Promise<void>
  /** Holds every byte in both directions, as a network that hangs does. */
  stall(): Promise<void>
  resume(): Promise<void>
  close(): Promise<void>
}

export interface DelayProxyOptions {
  readonly pings?: number
}

type Send = (command: string, value?: unknown) => Promise<unknown>

/**
 * A TCP proxy that adds `ms` to each round trip, half of it each way, its own cost included. It runs in
 * a thread of its own, so that a busy test does not delay it.
 */
export async function delayProxy(
  targetUrl: string,
  ms: number,
  { pings = 200 }: DelayProxyOptions = {},
): Promise<DelayProxy> {
  const target = new URL(targetUrl)
  const worker = new Worker(new URL("./delay-worker.mjs", import.meta.url), { workerData: { delayMs: ms / 2 } })
  worker.unref()
  const send = channel(worker)
  try {
    const measured = await calibrate(send, ms, pings)
    const host = target.hostname
    const port = (await send("listen", { host, port: Number(target.port || 5432) })) as number
    target.host = `127.0.0.1:${port}`
    const order = (command: string) => async () => void (await send(command))
    return {
      url: target.href,
      port,
      accuracy: measured,
      killAll: order("killAll"),
      stall: order("stall"),
      resume: order("resume"),
      close: async () => void (await worker.terminate()),
    }
  } catch (error) {
    await worker.terminate()
    throw error
  }
}

function channel(worker: Worker): Send {
  let last = 0
  return async (command, value) => {
    const id = ++last
    worker.postMessage({ id, command, value })
    for (;;) {
      const [reply] = (await once(worker, "message")) as [{ id: number; result: unknown }]
      if (reply.id === id) return reply.result
    }
  }
}

/** The proxy's own hops cost time as well: shorten the delay until the sum is what was asked for. */
async function calibrate(send: Send, wanted: number, pings: number): Promise<DelayAccuracy> {
  const echo = await startEcho()
  try {
    const port = (await send("listen", { host: "127.0.0.1", port: echo.port })) as number
    let delay = wanted / 2
    for (let round = 1; ; round++) {
      const direct = await roundTrips(echo.port, pings)
      const measured = accuracy(wanted, direct, await roundTrips(port, pings))
      const surplus = measured.median - wanted
      if (round === 5 || Math.abs(surplus) < 0.03 || (surplus > 0 && delay === 0)) return measured
      delay = Math.max(0, delay - surplus / 2)
      await send("delay", delay)
    }
  } finally {
    await echo.stop()
  }
}

/** One line for the head of a benchmark. */
export const describeAccuracy = ({ wanted, median, p10, p90 }: DelayAccuracy): string =>
  `delay proxy: wanted +${wanted} ms per round trip, measured ${median.toFixed(3)} (p10 ${p10.toFixed(3)}, p90 ${p90.toFixed(3)})`
