import { WardkeepError } from "./errors/wardkeep-error.js"

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined }

/**
 * The byte rules every hash and signature depends on: RFC 8785 (JSON Canonicalization Scheme) restricted to safe
 * integers. Keys in UTF-16 code unit order, no white space, `undefined` members left out.
 *
 * @throws WK009 a number that is not a safe integer, or a lone surrogate
 * @example canonicalJson({ b: 1, a: ["x"] }) // {"a":["x"],"b":1}
 */
export function canonicalJson(value: Json): string {
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value))
      throw new WardkeepError("WK009", { message: "only safe integers have one canonical form" })
    return Object.is(value, -0) ? "0" : String(value)
  }
  if (typeof value === "string") {
    if (!isWellFormed(value)) throw new WardkeepError("WK009", { message: "a lone surrogate has no canonical form" })
    return JSON.stringify(value)
  }
  if (value === null || typeof value === "boolean") return String(value)
  if (isArray(value)) return `[${value.map(canonicalJson).join(",")}]`
  const members: string[] = []
  for (const key of Object.keys(value).sort()) {
    const member = value[key]
    if (member !== undefined) members.push(`${canonicalJson(key)}:${canonicalJson(member)}`)
  }
  return `{${members.join(",")}}`
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

function isWellFormed(value: string): boolean {
  return !/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(value)
}
