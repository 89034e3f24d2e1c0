// Plain JavaScript, because a worker thread does not pass through the loader of the test runner.
import { connect, createServer } from "node:net"
import { parentPort, Worker, workerData } from "node:worker_threads"

/** @typedef {{ due: number, chunk: Buffer | undefined }} Packet */
/** @typedef {{ packets: Packet[], bytes: number, from: import("node:net").Socket, to: import("node:net").Socket }} Lane */

const pauseAboveBytes = 4 * 1024 * 1024

let delayMs = workerData.delayMs
let stalled = false
/** @type {Set<Lane>} */
const lanes = new Set()

// Timers count whole milliseconds. A thread that sleeps until the next packet is due is exact and leaves the processor
// to those who are measured: spinning took one of two cores from them.
const alarmSource = `
const { parentPort, workerData } = require("node:worker_threads")
const { changes, due } = workerData
const now = () => Number(process.hrtime.bigint()) / 1e6
for (;;) {
  const seen = Atomics.load(changes, 0)
  const left = due[0] - now()
  if (left > 0) Atomics.wait(changes, 0, seen, left)
  else {
    due[0] = Number.POSITIVE_INFINITY
    parentPort.postMessage(0)
    Atomics.wait(changes, 0, seen)
  }
}
`
const changes = new Int32Array(new SharedArrayBuffer(4))
const due = new Float64Array(new SharedArrayBuffer(8)).fill(Number.POSITIVE_INFINITY)
const alarm = new Worker(alarmSource, { eval: true, workerData: { changes, due } })
alarm.on("message", pump)

/** Of one clock for all threads, in milliseconds. */
const now = () => Number(process.hrtime.bigint()) / 1e6

/** @param {Lane} lane @param {Buffer | undefined} chunk */
function hold(lane, chunk) {
  lane.packets.push({ due: now() + delayMs, chunk })
  lane.bytes += chunk?.length ?? 0
  if (lane.bytes > pauseAboveBytes) lane.from.pause()
  // Every packet waits equally long, so one that follows another is not the next.
  if (lane.packets.length === 1) wake(lane.packets[0]?.due ?? 0)
}

/** @param {number} at */
function wake(at) {
  if (stalled || at >= due[0]) return
  due[0] = at
  Atomics.add(changes, 0, 1)
  Atomics.notify(changes, 0)
}

function pump() {
  if (stalled) return
  const time = now()
  let next = Number.POSITIVE_INFINITY
  for (const lane of lanes) {
    deliver(lane, time)
    next = Math.min(next, lane.packets[0]?.due ?? Number.POSITIVE_INFINITY)
  }
  if (next !== Number.POSITIVE_INFINITY) wake(next)
}

/** @param {Lane} lane @param {number} time */
function deliver(lane, time) {
  while (lane.packets[0] !== undefined && lane.packets[0].due <= time) {
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
    pump()
  },
}

parentPort?.on("message", async ({ id, command, value }) => {
  const result = await commands[command]?.(value)
  parentPort?.postMessage({ id, result })
})
