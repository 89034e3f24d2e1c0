import { is32, isBase64 } from "./base64.js"
import type { Lines } from "./bundle-lines.js"
import type { Hidden, OpenEvent } from "./hashing.js"
import { members } from "./json.js"
import type { ShownLeaf } from "./log.js"

/** A leaf's line: its hash alone, with its bytes, or with its event opened as far as the bundle discloses it; and nothing else. */
export function readLeaf(line: Readonly<Record<string, unknown>>, tenant: string, lines: Lines): ShownLeaf {
  const { leaf: index, hash: encoded, entry, event, erased, gone } = line
  if (typeof index !== "number" || !Number.isSafeInteger(index) || !isBase64(encoded)) throw lines.damaged()
  const said = members(line)
  const hash = Buffer.from(encoded, "base64")
  if (said === 2) return { index, hash }
  if (said === 3 && gone === true) return { index, hash, gone }
  if (said === 3 && isBase64(entry)) {
    const bytes = Buffer.from(entry, "base64")
    // A tenant's log has events alone, which as bytes would tell nothing and not be counted as kept back.
    return tenant === "" ? { index, hash, entry: bytes } : { index, hash, entry: bytes, unknown: true }
  }
  const isErased = erased === true
  if (typeof event !== "object" || event === null || said !== (isErased ? 4 : 3)) throw lines.damaged()
  if (!("version" in event) || event.version !== 1) return { index, hash, unknown: true }
  if (!isEvent(event, isErased)) throw lines.damaged()
  return { index, hash, event, erased: isErased }
}

const integers = ["xid", "id", "at_us"]
const texts = ["tenant", "role", "purpose", "verb", "relation"]
const optional = ["branch", "session", "request"]
const about = ["record", "subject", "detail"]
/** With `version`, `groups`, `n` and `actor`. */
const all = integers.length + texts.length + optional.length + about.length + 4

/**
 * Nothing that would be hashed as another value is, and nothing that is not hashed: whoever hands over the event would choose what
 * is read of it. Where a person was erased commitments stand for record, subject and detail, and nowhere else.
 */
export function isEvent(event: object, erased: boolean): event is OpenEvent {
  const value = event as Readonly<Record<string, unknown>>
  const { groups, n } = value
  return (
    members(event) === all &&
    value.version === 1 &&
    integers.every((name) => isLong(value[name])) &&
    texts.every((name) => typeof value[name] === "string") &&
    optional.every((name) => value[name] === null || typeof value[name] === "string") &&
    isHidden(value.actor, false) &&
    about.every((name) => isHidden(value[name], erased)) &&
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

/** What is hashed is what is read. Of another length than 32 bytes it would reach into the field beside it. */
function isHidden(field: unknown, closed: boolean): field is Hidden {
  if (typeof field !== "object" || field === null) return false
  if (closed) return "commitment" in field && is32(field.commitment) && members(field) === 1
  return (
    "salt" in field &&
    is32(field.salt) &&
    "value" in field &&
    (field.value === null || typeof field.value === "string") &&
    members(field) === 2
  )
}
