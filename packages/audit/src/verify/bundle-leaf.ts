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

export function isEvent(event: object): event is OpenEvent {
  const value: Record<string, unknown> = { ...event }
  const { groups, n } = value
  return (
    integers.every((name) => /^-?\d{1,19}$/.test(String(value[name]))) &&
    texts.every((name) => typeof value[name] === "string") &&
    optional.every((name) => value[name] === null || typeof value[name] === "string") &&
    hidden.every((name) => isHidden(value[name])) &&
    Array.isArray(groups) &&
    groups.every((group) => typeof group === "string") &&
    Number.isSafeInteger(n)
  )
}

function isHidden(field: unknown): field is Hidden {
  if (typeof field !== "object" || field === null) return false
  if ("commitment" in field) return typeof field.commitment === "string"
  return (
    "salt" in field &&
    typeof field.salt === "string" &&
    "value" in field &&
    (field.value === null || typeof field.value === "string")
  )
}
