import { createHmac } from "node:crypto"
import { describe, expect, it } from "vitest"
import { type Answer, answerOf, type Call } from "./exchange.js"
import { accounts, get, json, origin, ownerOf, recorder, rows, scope, type Who, whoAsks } from "./memory-system.js"
import { verifyHttp } from "./verify-http.js"

const signed = (text: string): string => createHmac("sha256", "a secret of this test").update(text).digest("hex")
const start = Date.UTC(2030, 0, 1)
/** Seconds for which an address opens; each request takes one. */
const lifetime = 3

/** A list of one file each, at addresses that open for three seconds, and what else each account asks for in between. */
function clinic(sign: (id: string, expires: string) => string, opens: (id: string, query: URLSearchParams) => boolean) {
  let seconds = 0
  const system = (call: Call): Answer => {
    seconds += 1
    const [who, url] = [whoAsks(call) as Who | undefined, new URL(call.url)]
    if (url.pathname === "/scans") {
      if (who === undefined) return json(401, {})
      const { id } = rows[who]
      const expires = String(start / 1000 + seconds + lifetime)
      return json(200, { scans: [{ url: `/scans/${id}.jpg?expires=${expires}&sig=${sign(id, expires)}` }] })
    }
    const owner = ownerOf(url.pathname)
    if (owner === undefined) return json(404, {})
    if (!url.pathname.startsWith("/scans/")) return owner === who ? json(200, rows[owner]) : json(404, {})
    const isInTime = Number(url.searchParams.get("expires")) * 1000 > start + seconds * 1000
    if (!isInTime || !opens(rows[owner].id, url.searchParams)) return json(403, {})
    return answerOf(200, [["content-type", "image/jpeg"]], Buffer.from(`a scan of ${rows[owner].id}`.repeat(20)))
  }
  const clock = {
    now: () => seconds * 1000,
    date: () => start + seconds * 1000,
    sleep: async (ms: number) => {
      seconds += Math.ceil(ms / 1000)
    },
  }
  return { clock, ...recorder(system) }
}

async function verify({ clock, send }: ReturnType<typeof clinic>) {
  const recorded = (["A", "B"] as const).flatMap((who) => [
    get(who, "/scans", json(200, { scans: [] })),
    ...["visits", "letters", "bills", "notes"].map((path) =>
      get(who, `${origin}/${path}/${rows[who].id}`, json(200, rows[who])),
    ),
  ])
  const report = await verifyHttp({ accounts, recorded, scope: scope(), clock, send, version: "0" })
  return report.findings.map(({ check, object }) => `${check} ${object}`)
}

describe("addresses that opened only while the rest was asked for", () => {
  const both = (id: string, expires: string): string => signed(`${id} ${expires}`)
  it.each<[string, Parameters<typeof clinic>[0], Parameters<typeof clinic>[1]]>([
    ["whose signature does not cover the time", signed, (id, query) => query.get("sig") === signed(id)],
    ["whose signature nobody looks at", both, () => true],
    [
      "whose signature covers the time only",
      (_, time) => signed(time),
      (_, query) => query.get("sig") === signed(query.get("expires") ?? ""),
    ],
  ])("%s are found", async (_, sign, opens) => {
    expect(await verify(clinic(sign, opens))).toEqual(["WKC208 GET /scans/{id}.jpg"])
  })

  it("that are signed well are no finding, and were opened by whom they belong to", async () => {
    const system = clinic(both, (id, query) => query.get("sig") === both(id, query.get("expires") ?? ""))
    expect(await verify(system)).toEqual([])
    expect(system.sent.filter((call) => call.url.includes(".jpg") && whoAsks(call) === "A").length).toBeGreaterThan(2)
  })
})
