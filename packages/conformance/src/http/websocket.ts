import { randomBytes } from "node:crypto"
import http from "node:http"
import https from "node:https"
import type { Duplex } from "node:stream"
import { type Answer, answerOf, type Call } from "./exchange.js"
import { flattened, type Limits, pairs, type Send } from "./transport.js"

/** The part of RFC 6455 that a listener needs: the handshake, text frames, pings. */
export const sendOverSocket: Send = (call, limits) =>
  new Promise((resolve, reject) => {
    const url = new URL(call.url.replace(/^ws/, "http"))
    const module = url.protocol === "https:" ? https : http
    const headers = {
      ...flattened(call.headers),
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": randomBytes(16).toString("base64"),
    }
    const request = module.request(url, { headers, timeout: limits.timeoutMs, agent: false })
    request.once("error", reject)
    request.once("timeout", () => request.destroy(new Error(`no answer within ${limits.timeoutMs} ms`)))
    request.once("response", (response) => {
      const parts: Buffer[] = []
      response.on("data", (part: Buffer) => parts.push(part))
      response.once("close", () =>
        resolve(answerOf(response.statusCode ?? 0, pairs(response.rawHeaders), Buffer.concat(parts))),
      )
    })
    request.once("upgrade", (_response, socket, head) => listen(socket, head, call, limits).then(resolve, reject))
    request.end()
  })

async function listen(socket: Duplex, head: Buffer, call: Call, limits: Limits): Promise<Answer> {
  const heard: string[] = []
  let rest = head
  const take = (part: Buffer): void => {
    rest = Buffer.concat([rest, part])
    for (let frame = frameIn(rest); frame !== undefined; frame = frameIn(rest)) {
      rest = rest.subarray(frame.length)
      if (frame.opcode === 1) heard.push(frame.payload.toString("utf8"))
      if (frame.opcode === 9) socket.write(maskedFrame(10, frame.payload))
      if (frame.opcode === 8) socket.end()
    }
  }
  socket.on("error", () => socket.destroy())
  socket.on("data", take)
  take(Buffer.alloc(0))
  for (const message of call.messages ?? []) socket.write(maskedFrame(1, Buffer.from(message)))
  await new Promise<void>((resolve) => {
    const limit = setTimeout(resolve, limits.streamMs)
    socket.once("close", () => {
      clearTimeout(limit)
      resolve()
    })
  })
  socket.destroy()
  const lines = heard.map((text) => `data: ${text.replace(/\r?\n/g, " ")}`)
  return answerOf(101, [["content-type", "text/event-stream"]], Buffer.from(lines.join("\n")))
}

/** A client must mask what it sends. */
export function maskedFrame(opcode: number, payload: Buffer): Buffer {
  const mask = randomBytes(4)
  const size =
    payload.length < 126
      ? Buffer.from([0x80 | payload.length])
      : payload.length < 65_536
        ? Buffer.from([0xfe, payload.length >> 8, payload.length & 0xff])
        : Buffer.from([0xff, 0, 0, 0, 0, ...bytesOf(payload.length)])
  const masked = payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0))
  return Buffer.concat([Buffer.from([0x80 | opcode]), size, mask, masked])
}

function bytesOf(length: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(length)
  return bytes
}

interface Frame {
  readonly opcode: number
  readonly payload: Buffer
  /** Of the whole frame. */
  readonly length: number
}

/** The first whole frame, if it is there. Servers do not mask; parts of one message count as messages. */
export function frameIn(bytes: Buffer): Frame | undefined {
  if (bytes.length < 2) return undefined
  const opcode = bytes.readUInt8(0) & 0x0f
  let size = bytes.readUInt8(1) & 0x7f
  let at = 2
  if (size === 126) {
    if (bytes.length < 4) return undefined
    size = bytes.readUInt16BE(2)
    at = 4
  } else if (size === 127) {
    if (bytes.length < 10) return undefined
    size = Number(bytes.readBigUInt64BE(2))
    at = 10
  }
  if (bytes.length < at + size) return undefined
  return { opcode: opcode === 0 ? 1 : opcode, payload: bytes.subarray(at, at + size), length: at + size }
}
