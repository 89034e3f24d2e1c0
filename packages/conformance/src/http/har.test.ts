import { expect, test } from "vitest"
import { mergeAccounts, parseAccount } from "./account.js"
import { parseHar } from "./har.js"

const header = (name: string, value: string) => ({ name, value })
const entry = (url: string, headers: object[] = [], more: object = {}) => ({
  request: { method: "GET", url, headers, ...more },
  response: { status: 200, headers: [header("Content-Type", "application/json")], content: { text: '{"id":1}' } },
})
const har = (...entries: object[]) => JSON.stringify({ log: { entries } })

test("what identifies the account is kept apart from what the request says", () => {
  const { account, exchanges } = parseHar(
    har(
      entry("https://clinic.test/a#x", [
        header("Cookie", "sid=1"),
        header("Authorization", "Bearer old"),
        header("X-Clinic-Id", "7"),
        header("User-Agent", "browser"),
        header("X-CSRF-Token", "t"),
        header("Accept", "application/json"),
      ]),
      entry("https://clinic.test/b", [header("authorization", "Bearer new"), header("X-Clinic-Id", "7")]),
    ),
    "A",
  )
  const here = ["https://clinic.test"]
  expect(account.credentials).toEqual([
    ["cookie", "sid=1", here],
    ["authorization", "Bearer new", here],
    ["x-csrf-token", "t", here],
  ])
  expect(account.ambient).toEqual([["x-clinic-id", "7"]])
  expect(exchanges.map(({ call }) => [call.url, call.headers.map(([name]) => name)])).toEqual([
    ["https://clinic.test/a", ["X-Clinic-Id", "Accept"]],
    ["https://clinic.test/b", ["X-Clinic-Id"]],
  ])
})

test("programs, preflights and data addresses are no questions; the same question twice is one", () => {
  const { exchanges } = parseHar(
    har(
      entry("https://clinic.test/app.js"),
      entry("https://clinic.test/style.css?v=1"),
      entry("data:text/plain,x"),
      entry("https://clinic.test/a", [], { method: "OPTIONS" }),
      entry("https://clinic.test/a"),
      entry("https://clinic.test/a"),
      entry("https://clinic.test/scan.jpg"),
    ),
    "A",
  )
  expect(exchanges.map(({ call }) => call.url)).toEqual(["https://clinic.test/a", "https://clinic.test/scan.jpg"])
})

test("cookies are taken from their own list where the header is missing", () => {
  const cookies = [header("sid", "1"), header("branch", "2")]
  expect(parseHar(har(entry("https://clinic.test/a", [], { cookies })), "A").account.credentials).toEqual([
    ["cookie", "sid=1; branch=2", ["https://clinic.test"]],
  ])
})

test("a WebSocket keeps what was said and what was heard", () => {
  const messages = [
    { type: "send", data: '{"sub":1}' },
    { type: "receive", data: '{"name":"x"}' },
  ]
  const { exchanges } = parseHar(har({ ...entry("wss://clinic.test/live"), _webSocketMessages: messages }), "A")
  expect(exchanges[0]).toMatchObject({
    call: { url: "wss://clinic.test/live", messages: ['{"sub":1}'] },
    answer: { body: 'data: {"name":"x"}' },
  })
})

test.each([
  ["cut off", har(entry("https://clinic.test/a")).slice(0, -9)],
  ["empty", ""],
  ["no HAR", '{"entries":[]}'],
  ["a list", "[]"],
  ["an entry without a request", '{"log":{"entries":[{"response":{"status":200}}]}}'],
])("a HAR that is %s is WK750 and quotes nothing of it", (_what, text) => {
  expect(() => parseHar(text, "A", "A.har")).toThrowError(expect.objectContaining({ code: "WK750" }))
})

test("an account is one header, or a file of them", () => {
  const none = () => {
    throw new Error("no file was asked for")
  }
  expect(parseAccount("A=Authorization: Bearer x=y", none).credentials).toEqual([["authorization", "Bearer x=y"]])
  expect(parseAccount("A=X-Me: somebody", none).credentials).toEqual([["x-me", "somebody"]])
  const file = "cookie: sid=1\r\nx-clinic-id: 7\n\n"
  expect(parseAccount("B=@b.txt", (path) => (path === "b.txt" ? file : ""))).toEqual({
    name: "B",
    credentials: [["cookie", "sid=1"]],
    ambient: [["x-clinic-id", "7"]],
  })
  for (const wrong of ["Authorization: Bearer secret", "A=secret", "=x: secret"])
    expect(() => parseAccount(wrong, none)).toThrowError(
      expect.objectContaining({ code: "WK754", message: expect.not.stringContaining("secret") }),
    )
})

test("a fresh login replaces the recorded one", () => {
  const recorded = { name: "A", credentials: [["cookie", "old"]] as const, ambient: [["x-clinic-id", "7"]] as const }
  const given = { name: "A", credentials: [["cookie", "new"]] as const, ambient: [] }
  expect(mergeAccounts([recorded, given])).toEqual([
    { name: "A", credentials: [["cookie", "new"]], ambient: [["x-clinic-id", "7"]] },
  ])
})
