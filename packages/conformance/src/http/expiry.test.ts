import { createHash } from "node:crypto"
import { expect, test } from "vitest"
import { answerOf, type Call } from "./exchange.js"
import { expiryIn } from "./expiry.js"
import { accounts, get, json, ownerOf, recorder, rows, scope, type Who } from "./memory-system.js"
import { verifyHttp } from "./verify-http.js"

const start = Date.UTC(2030, 0, 1)
const signature = (text: string): string => createHash("sha256").update(`secret ${text}`).digest("hex")

/** Goes on when somebody waits. */
function clock() {
  let now = 0
  return {
    now: () => {
      now += 10
      return now
    },
    date: () => start + now,
    sleep: async (milliseconds: number) => {
      now += milliseconds
    },
  }
}

type Rule = (expires: number, id: string, sig: string, now: number) => boolean

async function verified(isGood: Rule, signedText: (id: string, expires: number) => string, lifetime = 20_000) {
  const time = clock()
  const { sent, send } = recorder((call: Call, who) => {
    const url = new URL(call.url)
    const owner = ownerOf(call.url)
    if (url.pathname.startsWith("/files/")) {
      const [id, expires] = [url.pathname.slice(7), Number(url.searchParams.get("expires")) * 1000]
      if (owner === undefined || !isGood(expires, id, url.searchParams.get("sig") ?? "", time.date()))
        return json(404, {})
      return answerOf(200, [["content-type", "image/png"]], Buffer.from(rows[owner].phone.repeat(9)))
    }
    if (owner === undefined || owner !== who) return json(404, {})
    const expires = Math.floor((start + lifetime) / 1000)
    const sig = signature(signedText(rows[owner].id, expires * 1000))
    return json(200, { ...rows[owner], photo_url: `/files/${rows[owner].id}?expires=${expires}&sig=${sig}` })
  })
  const recorded = (["A", "B"] as Who[]).map((who) => get(who, `/patients/${rows[who].id}`, json(200, rows[who])))
  const report = await verifyHttp({ accounts, recorded, scope: scope(), version: "0", clock: time, send })
  return { found: report.findings.map(({ check, evidence }) => `${check} ${evidence.split(";")[0]}`), report, sent }
}

const byBoth = (id: string, expires: number): string => `${id} ${expires}`

test("an address that keeps to its time and signs it is none", async () => {
  const { found } = await verified(
    (expires, id, sig, now) => now < expires && sig === signature(byBoth(id, expires)),
    byBoth,
  )
  expect(found).toEqual([])
})

test.each<[string, Rule, string]>([
  ["nobody looks at", (expires, id, sig) => sig === signature(byBoth(id, expires)), "after the time that it names"],
  ["is not signed", (expires, id, sig, now) => now < expires && sig === signature(id), "a later time and the old"],
])("an address whose time %s opens for ever, and is found", async (_what, rule, how) => {
  const { found } = await verified(rule, how.startsWith("after") ? byBoth : (id) => id)
  expect(found).toEqual([
    `WKC208 by its address ${how.startsWith("after") ? how : "with a later time and the old signature"}, status 200`,
  ])
})

test("a time that the server keeps beside the address is none, whatever the address says", async () => {
  const { found } = await verified(
    (_, id, sig, now) => now < start + 20_000 && sig === signature(id),
    (id) => id,
  )
  expect(found).toEqual([])
})

test("an address that outlasts the run is not waited for, and that is said", async () => {
  const { found, report } = await verified(
    (expires, id, sig, now) => now < expires && sig === signature(byBoth(id, expires)),
    byBoth,
    3_600_000,
  )
  expect(found).toEqual([])
  expect(report.notCovered.join("\n")).toContain("GET /files/{id}: its signed addresses outlast the run")
})

test.each([
  ["expires=1893456000", 1_893_456_000_000, "expires=1893542400"],
  ["exp=1893456000000", 1_893_456_000_000, "exp=1893542400000"],
  ["se=2030-01-01T00:00:00Z", 1_893_456_000_000, "se=2030-01-02T00%3A00%3A00.000Z"],
  ["X-Amz-Date=20300101T000000Z&X-Amz-Expires=60", 1_893_456_060_000, "X-Amz-Expires=86460"],
])("the time of %s is read, and another one written", (query, until, later) => {
  const call = { method: "GET", url: `http://files.test/a?${query}`, headers: [] }
  expect(expiryIn(call)?.until).toBe(until)
  expect(expiryIn(call)?.at(until + 86_400_000).url).toContain(later)
})

test.each(["expires=soon", "e=5", "until=Monday", "X-Amz-Expires=60"])("%s is no time", (query) => {
  expect(expiryIn({ method: "GET", url: `http://files.test/a?${query}`, headers: [] })).toBeUndefined()
})
