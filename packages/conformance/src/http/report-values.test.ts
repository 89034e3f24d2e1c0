import { expect, test } from "vitest"
import { type Answer, answerOf, type Exchange } from "./exchange.js"
import { accounts, get, hastyClock, json, ownerOf, recorder, rows, scope, type Who } from "./memory-system.js"
import { parseOpenApi } from "./openapi.js"
import { curlOf } from "./replay.js"
import { verifyHttp } from "./verify-http.js"

const both = ["A", "B"] as const

const people = /Asha|Raman|Meena|Iyer|Kavitha|Selvan|Latha|Mohan|HIV|diabetes|9198400|98400|@mail/

async function reportOf(recorded: readonly Exchange[], answer: (url: URL, who: Who) => Answer) {
  const { send } = recorder(({ url }, who) => (who === "A" || who === "B" ? answer(new URL(url), who) : json(401, {})))
  return await verifyHttp({ accounts, recorded, scope: scope(), clock: hastyClock(), send, version: "0" })
}

const csv = (text: string): Answer => answerOf(200, [["content-type", "text/csv"]], Buffer.from(text))
const lines = {
  A: "Asha Raman,919840012345,HIV positive\nMeena Iyer,919840012346,diabetes",
  B: "Kavitha Selvan,919840099999,HIV negative\nLatha Mohan,919840099998,asthma",
}

test("a file without headings is told by its columns", async () => {
  const recorded = both.map((who) => get(who, `/export/${rows[who].id}`, csv(lines[who])))
  const report = await reportOf(recorded, ({ pathname }) => {
    const owner = ownerOf(pathname)
    return owner === undefined ? json(404, {}) : csv(lines[owner])
  })
  expect(report.findings[0]?.evidence).toContain("body line 1 column 2")
  expect(JSON.stringify(report)).not.toMatch(people)
})

test("a file with headings is told by them", async () => {
  const headed = { A: `full_name,phone,illness\n${lines.A}`, B: `full_name,phone,illness\n${lines.B}` }
  const recorded = both.map((who) => get(who, `/export/${rows[who].id}`, csv(headed[who])))
  const report = await reportOf(recorded, ({ pathname }) => {
    const owner = ownerOf(pathname)
    return owner === undefined ? json(404, {}) : csv(headed[owner])
  })
  expect(report.findings[0]?.evidence).toContain('canary "A: phone of GET /export/{id}"')
  expect(JSON.stringify(report)).not.toMatch(people)
})

test("objects keyed by e-mail, telephone number or name are told by their place", async () => {
  const keyed = (who: Who) => ({
    names: [rows[who].name.split(" ")[0]],
    [`${who}@mail.example`]: { phone: rows[who].phone },
    [rows[who].phone]: { [rows[who].name]: rows[who].id },
    [rows[who].name.split(" ")[0] ?? ""]: { mobile: `${rows[who].phone}1` },
  })
  const recorded = both.map((who) => get(who, `/people/${rows[who].id}`, json(200, keyed(who))))
  const report = await reportOf(recorded, ({ pathname }) => {
    const owner = ownerOf(pathname)
    return owner === undefined ? json(404, {}) : json(200, keyed(owner))
  })
  expect(report.findings[0]?.evidence).toContain("$.column 2.phone")
  expect(report.findings[0]?.evidence).toContain("$.*.mobile")
  expect(JSON.stringify(report)).not.toMatch(people)
})

test("a search by name is replayed without the name", async () => {
  const recorded = both.flatMap((who) => [
    get(who, `/search?name=${encodeURIComponent(rows[who].name)}`, json(200, { patients: [rows[who]] })),
    get(who, `/patients/${rows[who].id}`, json(200, rows[who])),
  ])
  const report = await reportOf(recorded, (url, who) => {
    const name = url.searchParams.get("name")
    if (url.pathname === "/search")
      return json(200, { patients: both.map((one) => rows[one]).filter((row) => row.name === name) })
    return ownerOf(url.pathname) === who ? json(200, rows[who]) : json(404, {})
  })
  expect(report.findings.map(({ object }) => object)).toContain("GET /search")
  expect(report.findings[0]?.replay).toContain("/search?name=VALUE_1'")
  expect(JSON.stringify(report)).not.toMatch(people)
})

test("a search by name that shows everybody is found from the document alone", async () => {
  const { send } = recorder(({ url }, who) => {
    if (who !== "A" && who !== "B") return json(401, {})
    const name = new URL(url).searchParams.get("name")
    const all = both.map((one) => rows[one])
    return json(200, { patients: name === null ? [rows[who]] : all.filter((row) => row.name === name) })
  })
  const parameters = [{ name: "name", in: "query", schema: { type: "string" } }]
  const paths = { "/patients": { get: {} }, "/search": { get: { parameters } } }
  const api = parseOpenApi(JSON.stringify({ openapi: "3.0.0", paths }), "api.json")
  const run = { accounts, api, baseUrl: "http://clinic.test", scope: scope(), clock: hastyClock(), version: "0" }
  const report = await verifyHttp({ ...run, send })
  expect(report.findings.map(({ object }) => object)).toEqual(["GET /search"])
  expect(JSON.stringify(report)).not.toMatch(people)
})

const replay = (url: string, more: object = {}) =>
  curlOf({
    call: { method: "GET", url, headers: [], ...more },
    attacker: undefined,
    marker: ["x-wardkeep-probe", "t"],
    slots: [],
    credentialsAlsoAt: [],
  })

test.each([
  ["ids and numbers stay", `/a/${rows.A.id}/7?id=12345678&ids=1,2`, `/a/${rows.A.id}/7?id=12345678&ids=1,2`],
  ["a long number", "/a?n=123456789", "/a?n=VALUE_1"],
  ["a date of birth", "/a?dob=1984-05-12", "/a?dob=VALUE_1"],
  ["an e-mail", "/a?to=x%40mail.example", "/a?to=VALUE_1"],
  ["the same value twice", "/a?x=Asha&y=Asha&z=Ravi", "/a?x=VALUE_1&y=VALUE_1&z=VALUE_2"],
  ["a name in the path", "/a/Asha%20Raman", "/a/VALUE_1"],
  ["a telephone number in the path", "/a/919840012345", "/a/VALUE_1"],
  ["a name among ids", "/a?ids=1,Asha", "/a?ids=VALUE_1"],
  ["a name as a parameter", "/a?Asha%20Raman=1", "/a?VALUE_1=1"],
  ["a signature", "/a?sig=abcdef012", "/a?sig=SIGNATURE"],
])("a replay hides %s", (_what, path, expected) => {
  expect(replay(`http://clinic.test${path}`)).toContain(`'http://clinic.test${expected}'`)
})

test.each([
  [
    "JSON",
    '{"name":"Asha","phone":919840012345,"id":7,"Asha Raman":[true]}',
    '{"name":"VALUE_1","phone":"VALUE_2","id":7,"VALUE_3":[true]}',
  ],
  ["a form", "name=Asha+Raman&id=7", "name=VALUE_1&id=7"],
  ["text", "Asha Raman", "VALUE_1"],
])("a replay hides the values of a body in %s", (_what, body, expected) => {
  expect(replay("http://clinic.test/a", { body })).toContain(`--data '${expected}'`)
})

test("a slug that the routes know as one is hidden, the words of the route are not", () => {
  const call = { method: "GET", url: "http://clinic.test/people/asha-raman/notes", headers: [] }
  const slots = [{ place: "path" as const, name: "people", value: "asha-raman" }]
  const text = curlOf({ call, attacker: undefined, marker: ["m", "t"], slots, credentialsAlsoAt: [] })
  expect(text).toContain("'http://clinic.test/people/VALUE_1/notes'")
})
