import { type Clock, parseHar, parseOpenApi, type Send, verifyHttp } from "@wardkeep/conformance"
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

/** Waits are a hundred times shorter. */
const hasty: Clock = {
  now: () => performance.now() * 100,
  date: () => Date.now(),
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds / 100)),
}

test("a login that expired since it was recorded makes the run inconclusive, and says whose", async () => {
  const shop = await opened()
  const recorded = await recordedIn(shop.origin)
  await shop.close()
  const later = await opened({ expired: ["south"] })
  const moved = {
    ...recorded,
    recorded: recorded.recorded.map((one) => ({
      ...one,
      call: { ...one.call, url: one.call.url.replace(shop.origin, later.origin) },
    })),
  }
  shops.splice(shops.indexOf(shop), 1)
  const scope = scopeOf(later.origin, { credentialsAlsoAt: [later.origin] })
  const report = await verifyHttp({ ...moved, scope, version: "0.0.0" })
  expect(report).toMatchObject({ verdict: "INCONCLUSIVE", findings: [] })
  expect(report.notCovered[0]).toContain("none of south's own requests was answered well (status 401)")
  expect(report.checks.every(({ verdict }) => verdict === "INCONCLUSIVE")).toBe(true)
})

test("a server that only says 429 makes the run inconclusive, after few requests", async () => {
  const shop = await opened()
  const recorded = await recordedIn(shop.origin)
  let sent = 0
  const busy: Send = async () => {
    sent += 1
    return { status: 429, headers: [["retry-after", "2"]], body: "", bytes: 0, digest: "", binary: false }
  }
  const report = await verifyHttp({
    ...recorded,
    scope: scopeOf(shop.origin),
    version: "0.0.0",
    send: busy,
    clock: hasty,
  })
  expect(report).toMatchObject({ verdict: "INCONCLUSIVE", findings: [], probes: 0 })
  expect(report.notCovered[0]).toContain("429")
  expect(sent).toBeLessThanOrEqual(8)
})

test("a server that allows fewer requests than the scope is asked more slowly, and still judged", async () => {
  const shop = await opened({ open: ["/orders/id"] })
  const recorded = await recordedIn(shop.origin)
  let last = Number.NEGATIVE_INFINITY
  let refused = 0
  const strict: Send = async (call, limits) => {
    const { sendOverHttp } = await import("../../../packages/conformance/src/http/transport.ts")
    const early = hasty.now() - last < 30
    last = hasty.now()
    if (early) refused += 1
    return early
      ? { status: 429, headers: [], body: "", bytes: 0, digest: "", binary: false }
      : await sendOverHttp(call, limits)
  }
  const report = await verifyHttp({
    ...recorded,
    scope: scopeOf(shop.origin),
    version: "0.0.0",
    send: strict,
    clock: hasty,
  })
  expect(report.findings.map(({ object }) => object)).toEqual(["GET /orders/{id}"])
  expect(refused).toBeLessThan(10)
})

test("a server that is not there is WK755", async () => {
  const shop = await opened()
  const recorded = await recordedIn(shop.origin)
  await shop.close()
  shops.length = 0
  const run = verifyHttp({ ...recorded, scope: scopeOf(shop.origin), version: "0.0.0" })
  await expect(run).rejects.toMatchObject({ code: "WK755" })
})

test("the run ends with its budget, and is no pass", async () => {
  const shop = await opened()
  const recorded = await recordedIn(shop.origin)
  const before = shop.arrivals.length
  const report = await verifyHttp({ ...recorded, scope: scopeOf(shop.origin, { maxRequests: 15 }), version: "0.0.0" })
  expect(report).toMatchObject({ verdict: "INCONCLUSIVE", findings: [] })
  expect(shop.arrivals.length - before).toBe(15)
  expect(report.notCovered[0]).toContain("maxRequests (15) was reached")
})

test("the server sees marked reads only, and no more of them per second than the scope says", async () => {
  const shop = await opened({ open: ["/orders/id"] })
  const recorded = await recordedIn(shop.origin)
  const before = shop.arrivals.length
  const times: number[] = []
  const { sendOverHttp } = await import("../../../packages/conformance/src/http/transport.ts")
  const send: Send = (call, limits) => {
    times.push(performance.now())
    return sendOverHttp(call, limits)
  }
  await verifyHttp({ ...recorded, scope: scopeOf(shop.origin, { requestsPerSecond: 25 }), version: "0.0.0", send })
  const probes = shop.arrivals.slice(before)
  expect(probes.every(({ marked }) => marked)).toBe(true)
  expect(new Set(probes.map(({ method }) => method))).toEqual(new Set(["GET", "HEAD"]))
  for (const from of times) expect(times.filter((at) => at >= from && at < from + 1_000).length).toBeLessThanOrEqual(25)
})

test.each([
  ["another host", { hosts: ["elsewhere.test"] }, "is not in hosts"],
  ["other paths", { paths: { include: ["/public/**"] } }, "is not in paths.include"],
  ["nothing at all", { paths: { exclude: ["/**"] } }, "is in paths.exclude"],
  ["no reading", { methods: ["DELETE"] }, "is not in methods"],
  ["the past", { stopAt: "2020-01-01T00:00:00Z" }, "is in the past"],
])("a scope of %s is WK753 and nothing is sent", async (_what, more, reason) => {
  const shop = await opened()
  const recorded = await recordedIn(shop.origin)
  const before = shop.arrivals.length
  const scope = scopeOf(shop.origin, more)
  const error: { code?: string; message?: string; detail?: string } = await verifyHttp({
    ...recorded,
    scope,
    version: "0.0.0",
  }).then(
    () => ({}),
    (thrown) => thrown,
  )
  expect(error).toMatchObject({ code: "WK753" })
  expect(`${error.message} ${error.detail}`).toContain(reason)
  expect(shop.arrivals.length).toBe(before)
})

test("accounts that are one, the same or without credentials are WK754", async () => {
  const shop = await opened()
  const { accounts, recorded } = await recordedIn(shop.origin)
  const [north, south] = accounts
  const scope = scopeOf(shop.origin)
  for (const some of [
    [],
    [north!],
    [north!, { ...south!, credentials: north!.credentials }],
    [north!, { ...south!, credentials: [] }],
  ])
    await expect(verifyHttp({ accounts: some, recorded, scope, version: "0.0.0" })).rejects.toMatchObject({
      code: "WK754",
    })
})

test("two accounts that are shown the same make the run inconclusive", async () => {
  const shop = await opened()
  const pages = JSON.stringify({ log: { entries: [] } })
  const nothing = ["north", "south"].map((name) => ({
    ...parseHar(pages, name).account,
    credentials: [["cookie", `shop=${name}`] as const],
  }))
  const api = parseOpenApi('{"openapi":"3.0.0","paths":{"/products":{"get":{}}}}', "api.json")
  const report = await verifyHttp({
    accounts: nothing,
    api,
    baseUrl: shop.origin,
    scope: scopeOf(shop.origin),
    version: "0.0.0",
  })
  expect(report).toMatchObject({ verdict: "INCONCLUSIVE", findings: [] })
  expect(report.notCovered[0]).toContain("is shown nothing that")
})

test.each([
  "",
  "[]",
  "openapi: 3.0.0",
  '{"openapi":"3.0.0","paths":{}}',
  '{"swagger":"2.0","paths":{"/a":{"get":{}}}}',
])("a document that is %j is WK751", (text) => {
  expect(() => parseOpenApi(text, "api.json")).toThrowError(expect.objectContaining({ code: "WK751" }))
})

test("a redirect to another host is not followed", async () => {
  const shop = await opened()
  const recorded = await recordedIn(shop.origin)
  const asked = new Set<string>()
  const { sendOverHttp } = await import("../../../packages/conformance/src/http/transport.ts")
  const send: Send = async (call, limits) => {
    asked.add(new URL(call.url).host)
    const answer = await sendOverHttp(call, limits)
    return { ...answer, headers: [...answer.headers, ["location", "http://elsewhere.test/next"]] }
  }
  await verifyHttp({ ...recorded, scope: scopeOf(shop.origin), version: "0.0.0", send })
  expect(asked).toEqual(new Set([new URL(shop.origin).host]))
})

test("what the scope file calls common is no finding, and what it calls a canary is one wherever it turns up", async () => {
  const wide = await opened({ open: ["/orders", "/orders/id", "/orders/label"] })
  const recorded = await recordedIn(wide.origin)
  const shared = scopeOf(wide.origin, { common: ["/orders/**"] })
  expect((await verifyHttp({ ...recorded, scope: shared, version: "0.0.0" })).findings).toEqual([])
  const planted = scopeOf(wide.origin, { canaries: { north: ["deliver to gate 20, ring twice"] } })
  const report = await verifyHttp({ ...recorded, scope: planted, version: "0.0.0" })
  expect(report.findings.map(({ object }) => object)).toContain("GET /orders")
})

test("the report holds neither credentials nor values, and its replay has places for them", async () => {
  const shop = await opened({ open: ["/orders/id"] })
  const report = await verifyHttp({ ...(await recordedIn(shop.origin)), scope: scopeOf(shop.origin), version: "0.0.0" })
  const text = JSON.stringify(report)
  expect(report.verdict).toBe("LEAK")
  for (const value of ["shop=north", "shop=south", "Mina Patel", "deliver to gate"]) expect(text).not.toContain(value)
  const [finding] = report.findings
  expect(finding?.replay).toMatch(
    /^curl -sS -i .*-H "cookie: \$(NORTH|SOUTH)_COOKIE" 'http:\/\/127\.0\.0\.1:\d+\/orders\/\d+'$/,
  )
  expect(finding?.evidence).toMatch(/canary "(north|south): \w+ of GET \/orders[^"]*" at \$\.\w+, sha256 [0-9a-f]{64}/)
  expect(finding?.evidence).toContain("seen again when repeated")
})
