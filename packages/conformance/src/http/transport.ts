import http from "node:http"
import https from "node:https"
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib"
import { type Answer, answerOf, type Call, type Header } from "./exchange.js"

export interface Limits {
  readonly timeoutMs: number
  /** How long a stream that does not end by itself is read. */
  readonly streamMs: number
  readonly maxBytes: number
}

export const usualLimits: Limits = { timeoutMs: 20_000, streamMs: 1_500, maxBytes: 4_000_000 }

export type Send = (call: Call, limits: Limits) => Promise<Answer>

/** Sends one request and follows nothing. An endless stream is cut after `streamMs`. */
export const sendOverHttp: Send = (call, limits) =>
  new Promise((resolve, reject) => {
    const url = new URL(call.url)
    const module = url.protocol === "https:" ? https : http
    const body = call.body === undefined ? undefined : Buffer.from(call.body)
    const request = module.request(url, {
      method: call.method,
      headers: flattened([
        ...call.headers,
        ["accept-encoding", "identity"],
        ...(body === undefined ? [] : ([["content-length", String(body.length)]] as const)),
      ]),
      timeout: limits.timeoutMs,
    })
    request.once("error", reject)
    request.once("timeout", () => request.destroy(new Error(`no answer within ${limits.timeoutMs} ms`)))
    request.once("response", (response) => collect(response, limits).then(resolve, reject))
    request.end(body)
  })

async function collect(response: http.IncomingMessage, limits: Limits): Promise<Answer> {
  const headers = pairs(response.rawHeaders)
  const stream = /event-stream|ndjson/.test(response.headers["content-type"] ?? "")
  const parts: Buffer[] = []
  let size = 0
  await new Promise<void>((resolve, reject) => {
    const limit = setTimeout(() => response.destroy(), stream ? limits.streamMs : limits.timeoutMs)
    response.on("data", (part: Buffer) => {
      parts.push(part)
      size += part.length
      if (size > limits.maxBytes) response.destroy()
    })
    response.once("error", (error) => (parts.length > 0 || stream ? resolve() : reject(error)))
    response.once("close", () => {
      clearTimeout(limit)
      resolve()
    })
  })
  return answerOf(
    response.statusCode ?? 0,
    headers,
    unpacked(Buffer.concat(parts), response.headers["content-encoding"]),
  )
}

/** Some servers compress although nobody asked. */
function unpacked(body: Buffer, encoding = ""): Buffer {
  const unpack = { gzip: gunzipSync, deflate: inflateSync, br: brotliDecompressSync }[encoding.toLowerCase()]
  if (unpack === undefined) return body
  try {
    return unpack(body)
  } catch {
    return body
  }
}

export function pairs(raw: readonly string[]): Header[] {
  const headers: Header[] = []
  for (let at = 0; at + 1 < raw.length; at += 2) headers.push([raw[at] ?? "", raw[at + 1] ?? ""])
  return headers
}

export function flattened(headers: readonly Header[]): Record<string, string> {
  return Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]))
}
