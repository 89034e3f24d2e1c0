import type { Lines } from "./bundle-lines.js"
import type { Hidden, OpenEvent } from "./hashing.js"
import type { ShownLeaf } from "./log.js"

/** A leaf's line: its hash alone, with its bytes, or with its event opened as far as the bundle discloses it. */
export function readLeaf(line: Record<string, unknown>, lines: Lines): ShownLeaf {
  const { leaf: index, hash: encoded, entry, event } = line
  if (typeof index !== "number" || !Number.isSafeInteger(index) || typeof encoded !== "string") throw lines.damaged()
  const hash = Buffer.from(encoded, "base64")
  if (line.gone === true) return { index, hash, gone: true }
  if (typeof entry === "string") return { index, hash, entry: Buffer.from(entry, "base64") }
  if (event === undefined) return { index, hash }
  if (typeof event !== "object" || event === null) throw lines.damaged()
  if (!("version" in event) || event.version !== 1) return { index, hash, unknown: true }
  if (!isEvent(event)) throw lines.damaged()
  return { index, hash, event, erased: line.erased === true }
}

const integers = ["xid", "id", "at_us"]
const texts = ["tenant", "role", "purpose", "verb", "relation"]
const optional = ["branch", "session", "request"]
const hidden = ["actor", "record", "subject", "detail"]

/** Nothing that would be hashed as another value is: whoever hands over the event would choose what is read of it. */
export function isEvent(event: object): event is OpenEvent {
  const value = event as Readonly<Record<string, unknown>>
  const { groups, n } = value
  return (
    integers.every((name) => isLong(value[name])) &&
    texts.every((name) => typeof value[name] === "string") &&
    optional.every((name) => value[name] === null || typeof value[name] === "string") &&
    hidden.every((name) => isHidden(value[name])) &&
    Array.isArray(groups) &&
    groups.every((group) => typeof group === "string") &&
    typeof n === "number" &&
    n >>> 0 === n
  )
}

/** Eight bytes as PostgreSQL prints them. */
function isLong(value: unknown): boolean {
  if (typeof value !== "string" || !/^(0|-?[1-9]\d{0,18})$/.test(value)) return false
  return value.length < 19 || BigInt.asIntN(64, BigInt(value)) === BigInt(value)
}

/** By the number of a letter: whether base64 has it. */
const inBase64 = Array.from({ length: 128 }, (_, letter) => /[A-Za-z0-9+/]/.test(String.fromCharCode(letter)))

/** Of another length it would reach into the field beside it. Four times an event: a regular expression takes as long as the hash. */
function is32(bytes: unknown): boolean {
  if (typeof bytes !== "string" || bytes.length !== 44 || bytes[43] !== "=") return false
  for (let at = 0; at < 43; at++) if (inBase64[bytes.charCodeAt(at)] !== true) return false
  return true
}

/** Either closed or open: what is hashed is what is read. */
function isHidden(field: unknown): field is Hidden {
  if (typeof field !== "object" || field === null) return false
  if ("commitment" in field) return !("value" in field) && is32(field.commitment)
  return (
    "salt" in field && is32(field.salt) && "value" in field && (field.value === null || typeof field.value === "string")
  )
}
