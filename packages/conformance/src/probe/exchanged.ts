import { quoteLiteral } from "@wardkeep/core"
import { labelOf } from "../catalog/relation.js"
import { tellingText } from "../database/outcome.js"
import type { Routine } from "./argument.js"
import { hidden } from "./hidden.js"
import type { Pair } from "./pair.js"

/** Of one function. */
const limit = 4

type Encoding = "plain" | "base64" | "base64url" | "hex"

const known = new WeakMap<Routine, Map<string, Promise<string[]>>>()

/**
 * Texts that a function gave the attacker to come back with, such as where a list goes on, in which its own key stands, plain or
 * encoded: with the victim's key instead, and from the beginning. As SQL, for what else stands there may be a person's.
 *
 * @param call asks it for nothing in particular
 */
export async function exchanged(one: Routine, pair: Pair, call: string): Promise<string[]> {
  const of = known.get(one) ?? new Map<string, Promise<string[]>>()
  known.set(one, of)
  const id = `${pair.attacker.name} ${pair.victim.name}`
  const texts = of.get(id) ?? ask(one, pair, call)
  of.set(id, texts)
  return await texts
}

async function ask(one: Routine, { attacker, victim }: Pair, call: string): Promise<string[]> {
  const [to] = victim.keys
  if (to === undefined) return []
  const answer = await attacker.act(async (tx) => tellingText(await tx.attempt(call)))
  const found = new Set<string>()
  const literal = (text: string): string => hidden(text, `an answer of ${labelOf(one)}`)
  for (const [token] of answer.matchAll(/[\w+/=:.|~-]{4,}/g)) {
    for (const form of ["plain", "base64", "base64url", "hex"] as const) {
      const text = decoded(token, form)
      const from = attacker.keys.find((key) => text !== undefined && partsOf(text).includes(key))
      if (text === undefined || from === undefined) continue
      const theirs: string = partsOf(text)
        .map((part) => (part === from ? to : part))
        .join("")
      for (const made of [theirs.replace(/\d+$/, "0"), theirs])
        if (made !== to) found.add(isPlace(made, to) ? quoteLiteral(encoded(made, form)) : literal(encoded(made, form)))
      if (found.size >= limit) return [...found].slice(0, limit)
    }
  }
  return [...found]
}

function decoded(token: string, form: Encoding): string | undefined {
  // An amount is no such text, whatever stands before its point.
  if (form === "plain") return /^[\d.]+$/.test(token) ? undefined : token
  if (form === "hex" && !/^([0-9a-f]{2})+$/i.test(token)) return undefined
  const text = Buffer.from(token, form).toString("utf8")
  return /^[\x20-\x7e]+$/.test(text) ? text : undefined
}

const encoded = (text: string, form: Encoding): string =>
  form === "plain" ? text : Buffer.from(text, "utf8").toString(form)

/** A key counts by itself, and not as a part of a longer word or number. */
const partsOf = (text: string): string[] => text.split(/([^\w-]+|_)/)

/** Beside the tenant's key there is a short number and nothing else, which may be printed: where a list goes on is nobody's. */
const isPlace = (text: string, key: string): boolean => /^[^a-z\d]*\d{0,6}[^a-z\d]*$/i.test(text.replace(key, ""))
