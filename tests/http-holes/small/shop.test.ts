import { type Report, verifyHttp } from "@wardkeep/conformance"
import { afterEach, expect, test } from "vitest"
import { recordedIn, scopeOf } from "./recorded.ts"
import { type Manners, openShop, type Shop } from "./shop.ts"

const shops: Shop[] = []
afterEach(async () => {
  for (const shop of shops.splice(0)) await shop.close()
})

async function opened(manners?: Manners): Promise<Shop> {
  const shop = await openShop(manners)
  shops.push(shop)
  return shop
}

async function verify(shop: Shop, scope = scopeOf(shop.origin)): Promise<Report> {
  return await verifyHttp({ ...(await recordedIn(shop.origin)), scope, version: "0.0.0" })
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
  [
    ["/orders/id", "/orders/label"],
    ["WKC201 GET /orders/{id}", "WKC201 GET /orders/{id}/label"],
  ],
  [["/orders"], ["WKC205 GET /orders"]],
])("short ids and plain words are enough to find %s", async (open, expected) => {
  expect(named(await verify(await opened({ open })))).toEqual(expected)
})
