import { carriedBy, classify } from "./carried.js"
import type { CheckId } from "./checks.js"
import { isCredentialParameter } from "./credentials.js"
import { type Account, type Call, type Header, succeeded } from "./exchange.js"
import { isTenantKind } from "./kind.js"
import type { Slot } from "./route.js"
import type { Pair, Stage } from "./stage.js"
import type { Shown, View } from "./view.js"

export interface Tricks {
  readonly stage: Stage
  readonly pair: Pair
  readonly victim: View
  readonly attacker: View
}

export interface Trick {
  readonly call: Call
  readonly how: string
  readonly slots: readonly Slot[]
  readonly check?: CheckId
  readonly account?: Account
  readonly original?: Shown
}

/** Sends it as the attacker and keeps what came back. True if it was answered with success. */
export async function attempt(tricks: Tricks, shown: Shown | undefined, route: string, trick: Trick): Promise<boolean> {
  const { stage, pair } = tricks
  const { call, slots, how, account = pair.attacker, original } = trick
  const answer = await stage.gate.ask(call, account)
  if (answer === undefined) return false
  const check =
    trick.check ?? classify(call, carriedBy(slots, tricks), shown?.answer ?? answer, stage.links.has(call.url))
  stage.count(check, "probes")
  if (shown !== undefined) stage.count(check, "controls")
  const controls = shown === undefined ? [] : [shown.answer]
  const names = { check, route, attacker: pair.attacker.name, victim: pair.victim.name }
  const reading = stage.read(call, answer)
  const as = account === pair.attacker ? {} : { as: account }
  const own = { ...(original === undefined ? {} : { original }), ...(shown === undefined ? {} : { plain: shown.call }) }
  stage.tried.push({ ...names, call, answer, reading, controls, slots, how, ...as, ...own })
  return succeeded(answer)
}

/** Applications call one thing clinic here and branch there, so any tenant may be meant; the right kind comes first. */
export function tenantsFor(kind: string, { victim, attacker }: Pick<Tricks, "victim" | "attacker">): string[] {
  if (!isTenantKind(kind)) return []
  const tenants = victim.tenantsBeside(attacker)
  return [...tenants.filter(([own]) => own === kind), ...tenants.filter(([own]) => own !== kind)].map(
    ([, value]) => value,
  )
}

export function withQuery(call: Call, params: readonly (readonly [string, string])[]): Call {
  const url = new URL(call.url)
  // With the victim's credentials it would be the victim that asks.
  for (const [name, value] of params) if (!isCredentialParameter(name)) url.searchParams.set(name, value)
  return { ...call, url: url.href }
}

export const withHeaders = (call: Call, headers: readonly Header[]): Call => ({
  ...call,
  headers: [...call.headers, ...headers],
})
