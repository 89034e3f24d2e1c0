import { parseHar, parseScope, type Scope } from "@wardkeep/conformance"
import { recordHar } from "../recorder.ts"
import { orders } from "./shop.ts"

export const scopeOf = (origin: string, more: Partial<Record<keyof Scope, unknown>> = {}): Scope =>
  parseScope(
    JSON.stringify({
      hosts: [new URL(origin).host],
      requestsPerSecond: 200,
      stopAt: new Date(Date.now() + 300_000).toISOString(),
      maxRequests: 2_000,
      ...more,
    }),
  )

/** What two shopkeepers looked at: their list, two orders, a label and the catalogue. */
export async function recordedIn(origin: string) {
  const all = []
  for (const name of ["north", "south"]) {
    const mine = orders.filter(({ shop }) => shop === name).map(({ id }) => id)
    const paths = ["/orders", `/orders/${mine[0]}`, `/orders/${mine[1]}`, `/orders/${mine[2]}/label`, "/products"]
    const visits = [...paths, `/products/${name === "north" ? 2 : 3}`].map((path) => ({ path }))
    all.push(parseHar(await recordHar(origin, [["cookie", `shop=${name}`]], visits), name))
  }
  return { accounts: all.map(({ account }) => account), recorded: all.flatMap(({ exchanges }) => exchanges) }
}
