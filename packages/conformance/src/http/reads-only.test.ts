import { expect, test } from "vitest"
import { answerOf, type Exchange } from "./exchange.js"
import { looksLikeFile } from "./links.js"
import { accounts, get, hastyClock, json, origin, recorder, rows, scope, type Who } from "./memory-system.js"
import { parseOpenApi } from "./openapi.js"
import { maySay, refusal } from "./scope.js"
import { verifyHttp } from "./verify-http.js"

const both = ["A", "B"] as const
const stream = (text: string) => answerOf(101, [["content-type", "text/event-stream"]], Buffer.from(text))
const cancelling = (who: Who) => JSON.stringify({ action: "cancelAppointment", id: rows[who].id })
const asking = (who: Who) => JSON.stringify({ action: "list", id: rows[who].id })

const live = (who: Who): Exchange => ({
  account: who,
  call: { method: "GET", url: "ws://clinic.test/live", headers: [], messages: [cancelling(who), asking(who)] },
  answer: stream(""),
})

async function withSocket(more: object) {
  const { sent, send } = recorder(({ url, messages }, who) => {
    if (who !== "A" && who !== "B") return json(401, {})
    if (url.startsWith("ws")) return stream(messages?.length ? `data: ${JSON.stringify(rows[who])}` : "")
    return json(200, rows[who])
  })
  const recorded = both.flatMap((who) => [get(who, "/me", json(200, rows[who])), live(who)])
  const report = await verifyHttp({
    accounts,
    recorded,
    scope: scope(more),
    clock: hastyClock(),
    send,
    version: "0",
  })
  return { report, said: sent.flatMap(({ messages = [] }) => messages), sent }
}

test("with the usual methods a WebSocket is opened and listened to, and nothing is said", async () => {
  const { report, said, sent } = await withSocket({})
  expect(said).toEqual([])
  expect(sent.filter(({ url }) => url.startsWith("ws")).length).toBeGreaterThan(0)
  expect(report.checks.find(({ check }) => check === "WKC211")).toMatchObject({
    verdict: "INCONCLUSIVE",
    reason: expect.stringContaining("WS"),
  })
  expect(report.notCovered.join("\n")).toContain("4 recorded messages were not said")
})

test.each([
  ["only WS in methods", { methods: ["GET", "WS"] }],
  ["only a pattern", { messages: ["*"] }],
  ["WS somewhere else", { methods: ["GET", "WS /other"], messages: ["*"] }],
])("%s says nothing", async (_what, more) => {
  expect((await withSocket(more)).said).toEqual([])
})

test("with WS and a pattern only the messages that match are said, by each account", async () => {
  const { said } = await withSocket({ methods: ["GET", "HEAD", "WS /live"], messages: ['{"action":"list"*'] })
  expect(new Set(said)).toEqual(new Set([asking("A"), asking("B")]))
})

test("a pattern is the whole message, and its other signs mean themselves", () => {
  const open = scope({ methods: ["WS"], messages: ["list", "a.c", "x*z"] })
  const may = (message: string) => maySay(open, "wss://clinic.test/live", message)
  expect(["list", "a.c", "xz", "x\nz"].map(may)).toEqual([true, true, true, true])
  expect(["list all", "cancel list", "abc", "xzy"].map(may)).toEqual([false, false, false, false])
})

test("of the addresses in an answer only files are asked for, and never what changes something", async () => {
  const { id } = rows.A
  const page = {
    ...rows.A,
    cancel_url: `/appointments/${id}/cancel`,
    next_link: `/appointments/${id}/steps`,
    photo_url: `/people/${id}/photo`,
    document_url: `/documents/${id}/delete`,
    file_href: `/files/${id}?action=approve`,
    pay: { image_url: "/images/paid.png" },
    report_src: "/out/unsubscribe.pdf",
  }
  const { sent, send } = recorder((call, who) => {
    if (who === undefined) return json(401, {})
    return call.url.endsWith("/me") ? json(200, who === "A" ? page : rows.B) : json(404, {})
  })
  const recorded = [get("A", "/me", json(200, page)), get("B", "/me", json(200, rows.B))]
  const report = await verifyHttp({ accounts, recorded, scope: scope(), clock: hastyClock(), send, version: "0" })
  const asked = new Set(sent.map(({ url }) => new URL(url).pathname).filter((path) => path !== "/me"))
  expect(asked).toEqual(new Set([`/people/${id}/photo`]))
  expect(report.notCovered.join("\n")).toContain("do not look like files")
})

test.each([
  ["$.photo photo", "/p/1", true],
  ["$.url url", "/scans/1.jpg", true],
  ["$.letters[0].url url", "/l/1?sig=abcdef", true],
  ["$.profile_url profile_url", "/profile/1", false],
  ["$.url url", "/u/1?sig=abcdef", false],
  ["$.url url", "/appointments/1/%63ancel.pdf", false],
  ["$.file file", "/f/1?do=confirm", false],
  ["$.unsubscribeFile unsubscribeFile", "/f/1", false],
  ["$.file file", "/payment/1.pdf", false],
  ["$.file file", "/payslips/1.pdf", true],
])("%s with the address %s is followed: %s", (place, address, expected) => {
  expect(looksLikeFile(place, new URL(address, origin).href)).toBe(expected)
})

test("a GET that says that it changes something needs its path in methods", async () => {
  const call = { method: "GET", url: `${origin}/appointments/1/cancel` }
  expect(refusal(scope(), call)).toContain("changes something")
  expect(refusal(scope(), { ...call, url: `${origin}/appointments/1/%43ancel` })).toContain("changes something")
  for (const act of ["cancelAppointment?id=1", "cancel-now/1", "visits?action=cancel", "grants/1/revoke", "pay"])
    expect(refusal(scope(), { ...call, url: `${origin}/${act}` }), act).toContain("changes something")
  for (const read of ["cancellations", "pay-slips/1", "deleted"])
    expect(refusal(scope(), { ...call, url: `${origin}/${read}` }), read).toBeUndefined()
  expect(refusal(scope({ methods: ["GET", "GET /appointments/*/cancel"] }), call)).toBeUndefined()
  expect(refusal(scope(), { ...call, url: `${origin}/payments/1` })).toBeUndefined()
  const paths = { "/me": { get: {} }, "/people/{id}/approve": { get: {} } }
  const { sent, send } = recorder((_call, who) =>
    who === "A" || who === "B" ? json(200, { person_id: rows[who].id, ...rows[who] }) : json(401, {}),
  )
  const api = parseOpenApi(JSON.stringify({ openapi: "3.0.0", paths }), "api.json")
  await verifyHttp({ accounts, api, baseUrl: origin, scope: scope(), clock: hastyClock(), send, version: "0" })
  expect(sent.length).toBeGreaterThan(0)
  expect(sent.filter(({ url }) => url.includes("approve"))).toEqual([])
})

test("nothing of what a refused path names stands in the reason", () => {
  const narrow = scope({ paths: { include: ["/api/**"] } })
  const reason = refusal(narrow, { method: "GET", url: `${origin}/patients/Asha%20Raman/919840012345/notes.csv` })
  expect(reason).toBe("/patients/{id}/{id}/notes.csv is not in paths.include")
})
