import { isCredentialParameter } from "./credentials.js"
import type { Call } from "./exchange.js"
import { isCredential } from "./har.js"
import { jsonOf } from "./scope.js"

/** A member that says who speaks. */
export const isSecret = (name: string): boolean => isCredentialParameter(name) || isCredential(name)

/**
 * Somebody else's messages as this account would say them: what identifies the speaker is replaced by what stands in the
 * account's own messages. Undefined where it has none, because the other one would be asking.
 */
export function saidBy(own: readonly string[], messages: readonly string[]): readonly string[] | undefined {
  const mine = new Map(own.flatMap((message) => secretsIn(jsonOf(message))))
  const said: string[] = []
  for (const message of messages) {
    const json = jsonOf(message)
    const names = secretsIn(json).map(([name]) => name)
    if (names.some((name) => !mine.has(name))) return undefined
    said.push(names.length === 0 ? message : JSON.stringify(exchanged(json, mine)))
  }
  return said
}

/** The same request, said by the account of these requests. */
export function callBy(own: readonly Call[], call: Call): Call | undefined {
  if (call.messages === undefined) return call
  const messages = saidBy(
    own.flatMap((one) => one.messages ?? []),
    call.messages,
  )
  return messages && { ...call, messages }
}

function secretsIn(value: unknown): [string, unknown][] {
  if (Array.isArray(value)) return value.flatMap(secretsIn)
  if (typeof value !== "object" || value === null) return []
  return Object.entries(value).flatMap(([name, inner]): [string, unknown][] =>
    isSecret(name) && typeof inner === "string" ? [[name, inner]] : secretsIn(inner),
  )
}

function exchanged(value: unknown, mine: ReadonlyMap<string, unknown>): unknown {
  if (Array.isArray(value)) return value.map((inner) => exchanged(inner, mine))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      isSecret(name) && typeof inner === "string" ? mine.get(name) : exchanged(inner, mine),
    ]),
  )
}
