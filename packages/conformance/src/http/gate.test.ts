import { expect, test } from "vitest"
import { answerOf, type Call } from "./exchange.js"
import { Gate } from "./gate.js"
import type { Clock } from "./pace.js"
import { parseScope } from "./scope.js"
import { type Send, usualLimits } from "./transport.js"

const start = Date.UTC(2026, 0, 1)

/** A clock that moves only when somebody waits for it, and wakes its sleepers a little early as timers do. */
function fakeClock(early = 0): Clock {
  let now = 0
  return {
    now: () => now,
    date: () => start + now,
    sleep: async (milliseconds) => {
      now += Math.max(milliseconds - early, 0.25)
    },
  }
}

const fine: Send = async () => answerOf(200, [], Buffer.from("{}"))

function gateOf(clock: Clock, send: Send, more: object = {}) {
  const scope = {
    hosts: ["clinic.test"],
    requestsPerSecond: 4,
    stopAt: new Date(start + 60_000).toISOString(),
    maxRequests: 100,
    ...more,
  }
  return new Gate({ scope: parseScope(JSON.stringify(scope)), clock, send, limits: usualLimits })
}

const get = (path: string, method = "GET"): Call => ({ method, url: `http://clinic.test${path}`, headers: [] })

test.each([0, 3, 40])(
  "no window of one second holds more requests than the scope allows, timers %i ms early",
  async (early) => {
    const clock = fakeClock(early)
    const times: number[] = []
    const gate = gateOf(clock, async () => {
      times.push(clock.now())
      return answerOf(200, [], Buffer.alloc(0))
    })
    for (let n = 0; n < 40; n++) await gate.ask(get(`/${n}`))
    expect(times).toHaveLength(40)
    for (const from of times)
      expect(times.filter((at) => at >= from && at < from + 1_000).length).toBeLessThanOrEqual(4)
  },
)

test("nothing is sent after the stop time, and never more than the maximum", async () => {
  const clock = fakeClock()
  const late = gateOf(clock, fine, { requestsPerSecond: 1 })
  for (let n = 0; n < 80; n++) await late.ask(get(`/${n}`))
  expect(clock.date()).toBeLessThanOrEqual(start + 61_000)
  expect(late.sent).toBeLessThanOrEqual(60)
  expect(late.stopped).toContain("stopAt")
  const many = gateOf(fakeClock(), fine, { maxRequests: 7 })
  for (let n = 0; n < 20; n++) await many.ask(get(`/${n}`))
  expect(many).toMatchObject({ sent: 7, stopped: "maxRequests (7) was reached" })
})

test("every request carries the mark, also over one that was recorded", async () => {
  const marks: (string | undefined)[] = []
  const gate = gateOf(fakeClock(), async ({ headers }) => {
    marks.push(
      headers
        .filter(([name]) => name === "x-wardkeep-probe")
        .map(([, value]) => value)
        .join(),
    )
    return answerOf(200, [], Buffer.alloc(0))
  })
  await gate.ask(get("/a"))
  await gate.ask({ ...get("/b"), headers: [["x-wardkeep-probe", "recorded"]] })
  expect(marks).toEqual(["isolation test", "isolation test"])
})

test("whatever was recorded, only the account that asks is named, and nobody is named where nobody asks", async () => {
  const sent: (readonly (readonly string[])[])[] = []
  const scope = parseScope(
    JSON.stringify({ hosts: ["clinic.test"], requestsPerSecond: 9, stopAt: "2030-01-01T00:00:00Z", maxRequests: 9 }),
  )
  const send: Send = async (call, limits) => {
    sent.push(call.headers.filter(([name]) => name !== "x-wardkeep-probe"))
    return fine(call, limits)
  }
  const gate = new Gate({ scope, clock: fakeClock(), send, limits: usualLimits, credentials: ["x-me"] })
  const call: Call = {
    ...get("/a"),
    headers: [
      ["X-Me", "ann"],
      ["x-clinic-id", "7"],
    ],
  }
  await gate.ask(call, { name: "ben", credentials: [["x-me", "ben"]], ambient: [["x-clinic-id", "8"]] })
  await gate.ask(call)
  expect(sent).toEqual([
    [
      ["x-clinic-id", "7"],
      ["x-me", "ben"],
    ],
    [["x-clinic-id", "7"]],
  ])
})

test.each([
  ["another host", { ...get("/a"), url: "http://other.test/a" }],
  ["another port", { ...get("/a"), url: "http://clinic.test:8080/a" }],
  ["a host that only begins so", { ...get("/a"), url: "http://clinic.test.evil.test/a" }],
  ["a method that is not listed", get("/a", "POST")],
  ["a method that is listed for another path", get("/a", "PUT")],
  ["what is excluded", get("/admin/users")],
  ["what is excluded, in capitals", get("/ADMIN/users")],
  ["what is excluded, encoded", get("/%61dmin/users")],
  ["a path that climbs", get("/a/%2e%2e%2fadmin")],
  ["what ends a session", get("/auth/logout")],
])("%s is never sent", async (_what, call) => {
  const sent: Call[] = []
  const gate = gateOf(
    fakeClock(),
    async (one) => {
      sent.push(one)
      return answerOf(200, [], Buffer.alloc(0))
    },
    { methods: ["GET", "HEAD", "PUT /b/*"], paths: { exclude: ["/admin/**"] } },
  )
  expect(await gate.ask(call)).toBeUndefined()
  expect(sent).toEqual([])
  expect(gate.refused.size).toBe(1)
  expect(await gate.ask(get("/b/1", "PUT"))).toBeDefined()
})

test("after 429 it waits as long as it is told, goes slower, and gives up when that does not help", async () => {
  const clock = fakeClock()
  let left = 2
  const patient = gateOf(clock, async () =>
    left-- > 0 ? answerOf(429, [["Retry-After", "3"]], Buffer.alloc(0)) : answerOf(200, [], Buffer.alloc(0)),
  )
  expect((await patient.ask(get("/a")))?.status).toBe(200)
  expect(clock.now()).toBeGreaterThanOrEqual(6_000)
  const before = clock.now()
  await patient.ask(get("/b"))
  expect(clock.now() - before).toBeGreaterThanOrEqual(900)
  const never = gateOf(fakeClock(), async () => answerOf(429, [], Buffer.alloc(0)))
  for (let n = 0; n < 10; n++) await never.ask(get(`/${n}`))
  expect(never.stopped).toContain("429")
  expect(never.sent).toBeLessThanOrEqual(8)
  const tomorrow = gateOf(fakeClock(), async () => answerOf(429, [["retry-after", "86400"]], Buffer.alloc(0)))
  await tomorrow.ask(get("/a"))
  expect(tomorrow).toMatchObject({ sent: 1, stopped: "the server asks to wait 86400 s; run again later" })
})

test("a server that never answered is an error, one that went away ends the run", async () => {
  const refuse = async () => {
    throw Object.assign(new Error("connect"), { code: "ECONNREFUSED" })
  }
  const down = gateOf(fakeClock(), refuse)
  const all = async () => {
    for (let n = 0; n < 6; n++) await down.ask(get(`/${n}`))
  }
  await expect(all()).rejects.toMatchObject({ code: "WK755", message: expect.stringContaining("ECONNREFUSED") })
  let answers = 3
  const gone = gateOf(fakeClock(), async (call, limits) => (answers-- > 0 ? fine(call, limits) : refuse()))
  for (let n = 0; n < 20; n++) await gone.ask(get(`/${n}`))
  expect(gone.sent).toBe(8)
  expect(gone.stopped).toContain("did not answer 5 times in a row")
})
