import { parseHar, parseScope, type Report, type Scope, verifyHttp } from "@wardkeep/conformance"
import { afterEach, expect, test } from "vitest"
import { recordHar } from "../recorder.ts"
import { type Manners, openShop, orders, type Shop } from "./shop.ts"

const shops: Shop[] = []
afterEach(async () => {
  for (const shop of shops.splice(0)) await shop.close()
})

async function opened(manners?: Manners): Promise<Shop> {
  const shop = await openShop(manners)
  shops.push(shop)
  return shop
}

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

async function recordings(origin: string) {
  const all = []
  for (const name of ["north", "south"]) {
    const mine = orders.filter(({ shop }) => shop === name).map(({ id }) => id)
    const paths = ["/orders", `/orders/${mine[0]}`, `/orders/${mine[1]}`, `/orders/${mine[2]}/label`, "/products"]
    const visits = [...paths, `/products/${name === "north" ? 2 : 3}`].map((path) => ({ path }))
    all.push(parseHar(await recordHar(origin, [["cookie", `shop=${name}`]], visits), name))
  }
  return { accounts: all.map(({ account }) => account), recorded: all.flatMap(({ exchanges }) => exchanges) }
}

async function verify(shop: Shop, scope = scopeOf(shop.origin)): Promise<Report> {
  return await verifyHttp({ ...(await recordings(shop.origin)), scope, version: "0.0.0" })
}

const named = ({ findings }: Report): string[] => findings.map(({ check, object }) => `${check} ${object}`).sort()

test("a system with short ids and plain words is not accused", async () => {
  const report = await verify(await opened())
  expect(report.findings).toEqual([])
  expect(report.verdict).toBe("NOT_FOUND")
})

test.each([
  [["/orders/id"], ["WKC201 GET /orders/{id}"]],
  [["/orders/label"], ["WKC201 GET /orders/{id}/label"]],
  [["/orders/id", "/orders/label"], ["WKC201 GET /orders/{id}", "WKC201 GET /orders/{id}/label"]],
  [["/orders"], ["WKC205 GET /orders"]],
])("short ids and plain words are enough to find %s", async (open, expected) => {
  expect(named(await verify(await opened({ open })))).toEqual(expected)
})
