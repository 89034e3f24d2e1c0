import { randomInt, randomUUID } from "node:crypto"
import type { Answer } from "./exchange.js"

/** An id of the same form that nothing has. */
export function inventedLike(value: string): string {
  if (/^[0-9a-f]{8}-[0-9a-f]{4}-/i.test(value)) return randomUUID()
  // Below 2^31, so that it is refused as unknown and not as out of range.
  if (/^\d+$/.test(value)) return String(randomInt(1_900_000_000, 2_000_000_000))
  return [...value]
    .map((letter) => {
      if (/\d/.test(letter)) return String(randomInt(10))
      if (/[a-f]/.test(letter)) return "abcdef"[randomInt(6)]
      if (/[g-z]/.test(letter)) return "ghkmnpqrstvwxyz"[randomInt(15)]
      return /[A-Z]/.test(letter) ? "ABCDEFGHKMNPQRSTVWXYZ"[randomInt(21)] : letter
    })
    .join("")
}

const volatile =
  /[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d\d-\d\d[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d)?|\b(?=[a-z]*\d)[0-9a-z_-]{10,}\b|\d{6,}/gi

/** An answer without what differs from one request to the next: what was asked for, ids, moments, counters of requests. */
export function shapeOf(answer: Answer, asked: readonly string[]): string {
  let body = answer.body
  for (const value of [...asked].sort((a, b) => b.length - a.length)) body = body.replaceAll(value, "#")
  const location = answer.headers.find(([name]) => name.toLowerCase() === "location")?.[1] ?? ""
  const text = `${location} ${body}`.replace(volatile, "#").replace(/(#[\s"',:-]*)+/g, "#")
  return `${answer.status} ${answer.binary ? answer.bytes : text}`
}
