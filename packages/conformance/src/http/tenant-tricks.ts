import { isCredentialParameter } from "./credentials.js"
import type { Call, Header } from "./exchange.js"
import { isTenantKind, singular } from "./kind.js"
import type { Slot } from "./route.js"
import { attempt, type Tricks, withHeaders, withQuery } from "./trick.js"
import type { Shown, View } from "./view.js"

/** Parameters and headers that applications read the tenant from, all at once. */
export async function nameTheTenant(tricks: Tricks, shown: Shown): Promise<void> {
  const { pair, victim, attacker } = tricks
  const tenants = underUsualNames(victim.tenantsBeside(attacker))
  const headers = tenants.flatMap(([kind, value]) => [`x-${kind}-id`, `x-${kind}`].map((name): Header => [name, value]))
  const call = withHeaders(shown.call, headers)
  const slots = headers.map(([name, value]): Slot => ({ place: "header", name, value }))
  const how = `headers that name ${pair.victim.name}'s tenant: ${headers.map(([name]) => name).join(", ")}`
  if (headers.length > 0) await attempt(tricks, shown, shown.route, { call, how, slots, check: "WKC204" })
  if (shown.route.includes("{")) return
  const spelt = (kinds: readonly [string, string][]): [string, string][] =>
    kinds.flatMap(([kind, value]) => [kind, `${kind}_id`, `${kind}Id`].map((name): [string, string] => [name, value]))
  const all = await query(tricks, shown, spelt(tenants))
  // Strict applications refuse what they do not know, so a few are tried alone.
  if (!all)
    for (const [kind, value] of tenants.slice(0, 2))
      for (const name of [kind, `${kind}_id`]) await query(tricks, shown, [[name, value]])
  if (all) await query(tricks, shown, spelt(referencesIn(shown, victim, attacker)))
  const kind = singular(tricks.stage.routes.collectionOf(shown.call))
  const ids = victim.namesOf(kind).filter((id) => !attacker.knows(id, kind))
  if (all && ids.length > 0)
    await query(tricks, shown, [
      ["ids", ids.slice(0, 3).join(",")],
      ["id", ids[0] ?? ""],
    ])
  await widen(tricks, shown, all)
}

/** Without its filters, and with the words that ask for everything. */
async function widen(tricks: Tricks, shown: Shown, takesAny: boolean): Promise<void> {
  const url = new URL(shown.call.url)
  const bare = { ...shown.call, url: withoutFilters(url) }
  const attemptOf = (call: Call, how: string) => attempt(tricks, shown, shown.route, { call, how, slots: [] })
  if (bare.url !== url.href) await attemptOf(bare, "its address without parameters")
  const everything = [["all", "true"] as const, ["scope", "all"] as const]
  if (takesAny) await attemptOf(withQuery(shown.call, everything), "the parameters all=true and scope=all")
}

function withoutFilters(url: URL): string {
  const bare = new URL(url)
  for (const name of url.searchParams.keys()) if (!isCredentialParameter(name)) bare.searchParams.delete(name)
  return bare.href
}

async function query(tricks: Tricks, shown: Shown, params: readonly (readonly [string, string])[]): Promise<boolean> {
  if (params.length === 0) return true
  const slots = params.map(([name, value]): Slot => ({ place: "query", name, value }))
  const how = `parameters that name ${tricks.pair.victim.name}'s: ${params.map(([name]) => name).join(", ")}`
  return await attempt(tricks, shown, shown.route, { call: withQuery(shown.call, params), how, slots })
}

/** One tenant of each kind, and the first under the names that are used most. */
function underUsualNames(tenants: readonly [string, string][]): [string, string][] {
  const [first] = tenants
  if (first === undefined) return []
  const usual = ["tenant", "clinic", "branch", "org"].map((kind): [string, string] => [kind, first[1]])
  const own = [...tenants].reverse()
  return [...new Map([...usual, ...own])].sort(([a], [b]) => Number(b === first[0]) - Number(a === first[0]))
}

/** Kinds that the rows of a list refer to: the usual filters. */
function referencesIn(shown: Shown, victim: View, attacker: View): [string, string][] {
  const kinds = new Set(shown.reading.leaves.flatMap(({ kind }) => (kind === undefined ? [] : [kind])))
  return [...kinds]
    .filter((kind) => !isTenantKind(kind))
    .flatMap((kind): [string, string][] => {
      const value = victim.namesOf(kind).find((one) => !attacker.knows(one, kind))
      return value === undefined ? [] : [[kind, value]]
    })
    .slice(0, 6)
}
