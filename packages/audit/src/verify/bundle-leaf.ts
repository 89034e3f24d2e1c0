import type { Lines } from "./bundle-lines.js"
import type { Hidden, OpenEvent } from "./hashing.js"
import type { ShownLeaf } from "./log.js"

/** A leaf's line: its hash alone, with its bytes, or with its event opened as far as the bundle discloses it. */
export function readLeaf(line: Record<string, unknown>, lines: Lines): ShownLeaf {
  const { leaf, hash, entry, event } = line
  if (typeof leaf !== "number" || !Number.isSafeInteger(leaf) || typeof hash !== "string") throw lines.damaged()
  const place = { index: leaf, hash: Buffer.from(hash, "base64") }
  if (line.gone === true) return { ...place, gone: true }
  if (typeof entry === "string") return { ...place, entry: Buffer.from(entry, "base64") }
  if (event === undefined) return place
  if (typeof event !== "object" || event === null) throw lines.damaged()
  if (!("version" in event) || event.version !== 1) return { ...place, unknown: true }
  if (!isEvent(event)) throw lines.damaged()
  return { ...place, event, erased: line.erased === true }
}

const integers = ["xid", "id", "at_us"]
const texts = ["tenant", "role", "purpose", "verb", "relation"]
const optional = ["branch", "session", "request"]
const hidden = ["actor", "record", "subject", "detail"]

/** Nothing that would be hashed as another value is: whoever hands over the event would choose what is read of it. */
export function isEvent(event: object): event is OpenEvent {
  const value: Record<string, unknown> = { ...event }
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

/** Of another length it would reach into the field beside it. */
const is32 = (bytes: unknown): boolean => typeof bytes === "string" && /^[A-Za-z0-9+/]{43}=$/.test(bytes)

/** Either closed or open: what is hashed is what is read. */
function isHidden(field: unknown): field is Hidden {
  if (typeof field !== "object" || field === null) return false
  if ("commitment" in field) return !("value" in field) && is32(field.commitment)
  return (
    "salt" in field && is32(field.salt) && "value" in field && (field.value === null || typeof field.value === "string")
  )
}
