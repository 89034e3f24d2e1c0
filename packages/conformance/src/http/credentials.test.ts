import { expect, test } from "vitest"
import { mergeAccounts } from "./account.js"
import { credentialsFor, filled, separated } from "./credentials.js"
import type { Account } from "./exchange.js"
import { parseHar } from "./har.js"
import { accounts, get, hastyClock, json, origin, ownerOf, recorder, rows, scope } from "./memory-system.js"
import { verifyHttp } from "./verify-http.js"

const both = ["A", "B"] as const

test.each(["access_token", "id_token", "jwt", "apikey", "api_key", "session", "sessionId", "token"])(
  "?%s= belongs to the account: the other asks with its own, nobody with none, and the report has neither",
  async (name) => {
    const secret = { A: "SECRETJWTAAAA", B: "SECRETJWTBBBB" }
    const visits = both.map((who) =>
      get(who, `/people/${rows[who].id}?${name}=${secret[who]}&page=1`, json(200, rows[who])),
    )
    const { sent, send } = recorder(({ url }) => {
      const given = new URL(url).searchParams.get(name)
      const owner = ownerOf(url)
      if (given !== secret.A && given !== secret.B) return json(401, {})
      return owner === undefined ? json(404, {}) : json(200, rows[owner])
    })
    const silent = both.map((account): Account => ({ name: account, credentials: [], ambient: [] }))
    const report = await verifyHttp({
      accounts: silent,
      recorded: visits,
      scope: scope(),
      clock: hastyClock(),
      send,
      version: "0",
    })
    expect(report.findings.map(({ check }) => check)).toContain("WKC201")
    const replay = report.findings.find(({ check }) => check === "WKC201")?.replay
    expect(replay).toContain(`?${name}='"$B_${name.toUpperCase()}"'&page=1`)
    expect(JSON.stringify(report)).not.toMatch(/SECRETJWT/)
    const asked = sent.map(({ url }) => [ownerOf(url), new URL(url).searchParams.get(name)])
    expect(asked).toContainEqual(["A", secret.B])
    expect(asked).toContainEqual(["A", null])
  },
)

test("a leak that is only the right of the token in the address is none", async () => {
  const visits = both.map((who) => get(who, `/people/${rows[who].id}?access_token=tok-${who}`, json(200, rows[who])))
  const { send } = recorder(({ url }) => {
    const owner = ownerOf(url)
    return owner !== undefined && new URL(url).searchParams.get("access_token") === `tok-${owner}`
      ? json(200, rows[owner])
      : json(404, {})
  })
  const report = await verifyHttp({
    accounts,
    recorded: visits,
    scope: scope(),
    clock: hastyClock(),
    send,
    version: "0",
  })
  expect(report.findings).toEqual([])
})

test("a token that differs from address to address signs the address; one that is renewed is still a login", () => {
  const answer = json(200, {})
  const files = separated(accounts, [get("A", "/f/1?token=aaaaaa", answer), get("A", "/f/2?token=bbbbbb", answer)])
  expect(files.accounts[0]?.parameters).toBeUndefined()
  expect(files.recorded[0]?.call.url).toBe(`${origin}/f/1?token=aaaaaa`)
  const renewed = separated(accounts, [get("A", "/1?jwt=old&x=1", answer), get("A", "/2?jwt=new", answer)])
  expect(renewed.accounts[0]?.parameters).toEqual([["jwt", "new", [origin]]])
  expect(renewed.recorded.map(({ call }) => call.url)).toEqual([`${origin}/1?jwt=&x=1`, `${origin}/2?jwt=`])
  expect(filled(`${origin}/1?jwt=&x=1`, [["jwt", "mine"]])).toBe(`${origin}/1?jwt=mine&x=1`)
  expect(filled(`${origin}/1?jwt=&x=1`, [])).toBe(`${origin}/1?x=1`)
})

test("a place for a token is no place for an id, and nothing else of the address is changed for it", async () => {
  const own = (who: "A" | "B") => ({
    ...rows[who],
    session_id: rows[who].id.replace("1111", "2222"),
    sessions: [rows[who].id],
  })
  const recorded = both.map((who) => get(who, `/me?session=login-of-${who}&q=`, json(200, own(who))))
  const { sent, send } = recorder((_call, who) => (who === "A" || who === "B" ? json(200, own(who)) : json(401, {})))
  const report = await verifyHttp({ accounts, recorded, scope: scope(), clock: hastyClock(), send, version: "0" })
  expect(report.notCovered).toContain(
    "Parameters taken for credentials, whose values were not exchanged between accounts: session.",
  )
  const given = new Set(sent.map(({ url }) => new URL(url).searchParams.get("session")))
  expect(given).toEqual(new Set(["login-of-A", "login-of-B", null]))
  expect(new Set(sent.map(({ url }) => new URL(url).pathname))).toEqual(new Set(["/me"]))
})

const header = (name: string, value: string) => ({ name, value })
const entry = (url: string, ...headers: object[]) => ({
  request: { method: "GET", url, headers },
  response: { status: 200 },
})
const har = (...entries: object[]) => JSON.stringify({ log: { entries } })

test("each server gets the credentials that were recorded with it", () => {
  const { account } = parseHar(
    har(
      entry("https://clinic.test/a", header("Cookie", "sid=1")),
      entry("https://api.clinic.test/a", header("Authorization", "Bearer a")),
      entry("https://counter.test/hit", header("Cookie", "visitor=9")),
      entry("https://cdn.test/logo.png"),
    ),
    "A",
  )
  const at = (url: string, everywhere: string[] = []) => credentialsFor(account.credentials, url, everywhere)
  expect(at("https://clinic.test/b")).toEqual([["cookie", "sid=1"]])
  expect(at("wss://clinic.test/live")).toEqual([["cookie", "sid=1"]])
  expect(at("http://clinic.test/b")).toEqual([])
  expect(at("https://clinic.test:8443/b")).toEqual([])
  expect(at("https://api.clinic.test/b")).toEqual([["authorization", "Bearer a"]])
  expect(at("https://counter.test/b")).toEqual([["cookie", "visitor=9"]])
  expect(at("https://cdn.test/b")).toEqual([])
  expect(at("https://clinic.test/b", ["https://clinic.test"])).toContainEqual(["cookie", "sid=1"])
})

test("a renewed login is for where the old one was recorded, and leaves the others alone", () => {
  const recorded: Account = {
    name: "A",
    credentials: [
      ["cookie", "old", ["https://clinic.test"]],
      ["authorization", "Bearer a", ["https://api.test"]],
    ],
    ambient: [],
  }
  const given: Account = { name: "A", credentials: [["cookie", "new"]], ambient: [] }
  expect(mergeAccounts([recorded, given])[0]?.credentials).toEqual([
    ["authorization", "Bearer a", ["https://api.test"]],
    ["cookie", "new", ["https://clinic.test"]],
  ])
})

test.each([
  ["no server but where they were recorded gets credentials", {}, []],
  ["another server gets them by name in the scope", { credentialsAlsoAt: ["http://cdn.test"] }, ["A"]],
])("%s", async (_what, more, expected) => {
  const page = { ...rows.A, avatar_url: `http://cdn.test/a/${rows.A.id}` }
  const { sent, send } = recorder(({ url }, who) => {
    if (url.startsWith("http://cdn.test")) return json(404, {})
    return who === undefined ? json(401, {}) : json(200, who === "A" ? page : rows.B)
  })
  const recorded = [get("A", "/me", json(200, page)), get("B", "/me", json(200, rows.B))]
  const hosts = [origin, "http://cdn.test"]
  const given = accounts.map((account): Account => ({ ...account, ambient: [["x-clinic-id", "7"]] }))
  await verifyHttp({
    accounts: given,
    recorded,
    scope: scope({ hosts, ...more }),
    clock: hastyClock(),
    send,
    version: "0",
  })
  const elsewhere = sent.filter(({ url }) => url.startsWith("http://cdn.test"))
  expect(elsewhere.length).toBeGreaterThan(0)
  const names = elsewhere.flatMap(({ headers }) => headers.filter(([name]) => name === "authorization"))
  expect(names.map(([, value]) => value.slice(-1))).toEqual(expected)
  const clinics = elsewhere.flatMap(({ headers }) => headers.filter(([name]) => name === "x-clinic-id"))
  expect(clinics).toHaveLength(expected.length)
})

test("credentials that came without an address are for the base URL, or for where the account was used", async () => {
  const loose = accounts.map(
    ({ name }): Account => ({ name, credentials: [["authorization", `Bearer ${name}`]], ambient: [] }),
  )
  const { sent, send } = recorder((_call, who) => (who === "A" || who === "B" ? json(200, rows[who]) : json(401, {})))
  const recorded = both.flatMap((who) => [
    get(who, "/me", json(200, rows[who])),
    get(who, "http://cdn.test/file.json", json(200, rows[who])),
  ])
  const hosts = [origin, "http://cdn.test"]
  await verifyHttp({ accounts: loose, recorded, scope: scope({ hosts }), clock: hastyClock(), send, version: "0" })
  const told = sent.filter(({ headers }) => headers.some(([name]) => name === "authorization"))
  expect(new Set(told.map(({ url }) => new URL(url).origin))).toEqual(new Set([origin]))
})
