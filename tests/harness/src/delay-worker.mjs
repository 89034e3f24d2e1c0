// Plain JavaScript, because a worker thread does not pass through the loader of the test runner.
import { connect, createServer } from "node:net"
import { parentPort, workerData } from "node:worker_threads"

/** @typedef {{ due: number, chunk: Buffer | undefined }} Packet */
/** @typedef {{ packets: Packet[], bytes: number, from: import("node:net").Socket, to: import("node:net").Socket }} Lane */

const spinBelowMs = 3
const pauseAboveBytes = 4 * 1024 * 1024

let delayMs = workerData.delayMs
let stalled = false
let pumping = false
/** @type {Set<Lane>} */
const lanes = new Set()

/** @param {Lane} lane @param {Buffer | undefined} chunk */
function hold(lane, chunk) {
  lane.packets.push({ due: performance.now() + delayMs, chunk })
  lane.bytes += chunk?.length ?? 0
  if (lane.bytes > pauseAboveBytes) lane.from.pause()
  wake()
}

function wake() {
  if (pumping || stalled) return
  pumping = true
  setImmediate(pump)
}

/** Timers count whole milliseconds, so the last stretch spins; nothing spins while nothing is held. */
function pump() {
  pumping = false
  if (stalled) return
  const now = performance.now()
  let next = Number.POSITIVE_INFINITY
  for (const lane of lanes) {
    deliver(lane, now)
    next = Math.min(next, lane.packets[0]?.due ?? Number.POSITIVE_INFINITY)
  }
  if (next === Number.POSITIVE_INFINITY) return
  pumping = true
  const wait = next - now
  if (wait > spinBelowMs) setTimeout(pump, wait - spinBelowMs + 1)
  else setImmediate(pump)
}

/** @param {Lane} lane @param {number} now */
function deliver(lane, now) {
  while (lane.packets[0] !== undefined && lane.packets[0].due <= now) {
    const { chunk } = /** @type {Packet} */ (lane.packets.shift())
    if (chunk === undefined) {
      lane.to.end()
      continue
    }
    lane.bytes -= chunk.length
    lane.to.write(chunk)
    if (lane.bytes < pauseAboveBytes) lane.from.resume()
  }
}

/** @param {import("node:net").Socket} from @param {import("node:net").Socket} to */
function join(from, to) {
  /** @type {Lane} */
  const lane = { packets: [], bytes: 0, from, to }
  lanes.add(lane)
  from.setNoDelay(true)
  from.on("data", (chunk) => hold(lane, chunk))
  from.on("end", () => hold(lane, undefined))
  from.on("error", () => to.destroy())
  // Packets on their way still arrive; only a broken connection drops them.
  to.on("close", () => {
    lanes.delete(lane)
    from.destroy()
  })
}

/** @param {{ host: string, port: number }} target */
function listen(target) {
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ ...target, allowHalfOpen: true })
    join(client, upstream)
    join(upstream, client)
  })
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(/** @type {import("node:net").AddressInfo} */ (server.address()).port))
  })
}

/** @type {Record<string, (value: any) => unknown>} */
const commands = {
  listen,
  delay: (ms) => {
    delayMs = ms
  },
  killAll: () => {
    for (const { from } of [...lanes]) from.resetAndDestroy()
  },
  stall: () => {
    stalled = true
  },
  resume: () => {
    stalled = false
    wake()
  },
}

parentPort?.on("message", async ({ id, command, value }) => {
  const result = await commands[command]?.(value)
  parentPort?.postMessage({ id, result })
})
