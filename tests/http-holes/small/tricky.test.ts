import { createHash } from "node:crypto"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { parseHar, parseOpenApi, type Report, verifyHttp } from "@wardkeep/conformance"
import { afterEach, expect, test } from "vitest"
import { recordHar } from "../recorder.ts"
import { scopeOf } from "./recorded.ts"

/** What a small system answers to `who` at a path; undefined is 404. */
type System = (who: string, path: string, query: URLSearchParams) => unknown

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function serve(system: System): Promise<string> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://tricky.test")
    const who = /who=(\w+)/.exec(request.headers.cookie ?? "")?.[1]
    // A system sees its one header of interest as a parameter.
    const header = request.headers["x-clinic-id"]
    if (header !== undefined) url.searchParams.set("header", String(header))
    const found = who === undefined ? undefined : system(who, url.pathname, url.searchParams)
    const status = who === undefined ? 401 : found === undefined ? 404 : 200
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(found ?? { error: "none" }))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  closing.push(async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    server.closeAllConnections()
    await closed
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const accounts = ["ann", "ben"] as const
type Who = (typeof accounts)[number]
const other = (who: string): Who => (who === "ann" ? "ben" : "ann")

async function fromRecordings(system: System, visits: (who: Who) => readonly string[], more = {}): Promise<Report> {
  const origin = await serve(system)
  const all = []
  for (const who of accounts) {
    const asked = visits(who).map((path) => ({ path }))
    all.push(parseHar(await recordHar(origin, [["cookie", `who=${who}`]], asked), who))
  }
  return await verifyHttp({
    accounts: all.map(({ account }) => account),
    recorded: all.flatMap(({ exchanges }) => exchanges),
    scope: scopeOf(origin, more),
    version: "0.0.0",
  })
}

const named = ({ findings }: Report): string[] => findings.map(({ check, object }) => `${check} ${object}`).sort()
const uuid = (text: string): string => {
  const hex = createHash("md5").update(text).digest("hex")
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20)].join("-")
}
const note = (who: string, n: number) => ({
  id: uuid(`${who} ${n}`),
  patient: `${["Asha", "Ravi", "Sara"][n % 3]} ${["Rao", "Nair", "Shah"][(n + who.length) % 3]}`,
  phone: `98${createHash("md5").update(`${who}${n}`).digest("hex").replace(/\D/g, "").padEnd(8, "7").slice(0, 8)}`,
  diagnosis: ["viral fever", "migraine", "fracture"][n % 3],
  author: "dr.shared@both-clinics.example",
  drug_id: uuid(`drug ${n}`),
})
const numbers = [0, 1, 2, 3, 4, 5]
const notes = (who: string) => numbers.map((n) => note(who, n))
const pageOf = <T>(rows: readonly T[], query: URLSearchParams): T[] => {
  const from = 2 * (Number(query.get("page") ?? 1) - 1)
  return rows.slice(from, from + 2)
}
const one = <T extends { id: unknown }>(rows: readonly T[], path: string): T | undefined =>
  rows.find(({ id }) => String(id) === path.split("/")[2])

test("a doctor, drugs and diagnoses that both tenants share, on pages that differ, are no finding", async () => {
  const report = await fromRecordings(
    (who, path, query) =>
      path === "/notes" ? pageOf(notes(who), query) : path.startsWith("/notes/") ? one(notes(who), path) : undefined,
    (who) => [who === "ann" ? "/notes?page=1" : "/notes?page=2", "/notes?page=3", `/notes/${note(who, 0).id}`],
  )
  expect(report).toMatchObject({ verdict: "NOT_FOUND", findings: [] })
})

test("numbers that every tenant begins again at 1 are no finding", async () => {
  const invoices = (who: string) =>
    numbers.map((n) => ({
      id: n + 1,
      customer: `${who} customer ${n}`,
      total: 35_000,
      currency: "INR",
      memo: "consultation",
    }))
  const report = await fromRecordings(
    (who, path) =>
      path === "/invoices"
        ? invoices(who).slice(0, 2)
        : path.startsWith("/invoices/")
          ? one(invoices(who), path)
          : undefined,
    (who) => ["/invoices", ...(who === "ann" ? ["/invoices/1", "/invoices/5"] : ["/invoices/2", "/invoices/6"])],
  )
  expect(report.findings).toEqual([])
})

test("the profile of a colleague that everybody may open is no finding, and what hangs on it is", async () => {
  const staff = accounts.map((who) => ({ id: uuid(`staff ${who}`), name: `Doctor ${who}` }))
  const system: System = (who, path) => {
    if (path === "/staff") return staff
    if (path === "/notes") return notes(who).slice(0, 2)
    if (path.startsWith("/notes/")) return one(notes(who), path)
    const person = one(staff, path)
    if (path.endsWith("/letters")) return person && [note(person.name.split(" ")[1] ?? "", 1)]
    return person
  }
  const visits = (who: Who) => ["/staff", `/staff/${uuid(`staff ${who}`)}`, "/notes", `/notes/${note(who, 1).id}`]
  expect((await fromRecordings(system, visits)).findings).toEqual([])
  const report = await fromRecordings(system, (who) => [...visits(who), `/staff/${uuid(`staff ${who}`)}/letters`])
  expect(named(report)).toEqual(["WKC201 GET /staff/{id}/letters"])
})

test("a system that isolates nothing never passes", async () => {
  const everybody = accounts.flatMap(notes)
  const system: System = (_who, path) => (path === "/notes" ? everybody : one(everybody, path))
  const visits = (who: Who) => ["/notes", `/notes/${note(who, 0).id}`, `/notes/${note(who, 1).id}`]
  const report = await fromRecordings(system, visits)
  expect(report.verdict).toBe("INCONCLUSIVE")
  const phones = Object.fromEntries(accounts.map((who) => [who, [note(who, 0).phone]]))
  const planted = await fromRecordings(system, visits, { canaries: phones })
  expect(named(planted)).toEqual(["WKC205 GET /notes", "WKC201 GET /notes/{id}"].sort())
})

test("a tenant in the path that is checked does not hide a record behind it that is not", async () => {
  const everybody = accounts.flatMap(notes)
  const system =
    (isOpen: boolean): System =>
    (who, path) => {
      const [, , tenant, , id] = path.split("/")
      if (path === "/me") return { name: who, clinic_id: uuid(`clinic ${who}`) }
      if (tenant !== uuid(`clinic ${who}`)) return undefined
      return id === undefined ? notes(who) : (isOpen ? everybody : notes(who)).find((row) => row.id === id)
    }
  const visits = (who: Who) => {
    const list = `/clinics/${uuid(`clinic ${who}`)}/notes`
    return ["/me", list, `${list}/${note(who, 0).id}`]
  }
  expect(await fromRecordings(system(false), visits)).toMatchObject({ verdict: "NOT_FOUND", findings: [] })
  expect(named(await fromRecordings(system(true), visits))).toEqual(["WKC201 GET /clinics/{id}/notes/{id}"])
})

test.each([
  ["a header for the clinic", "WKC204"],
  ["a parameter for the clinic", "WKC202"],
  ["all=true", "WKC205"],
  ["no filter", "WKC205"],
])("a list that trusts %s is found", async (how, check) => {
  const system: System = (who, path, query) => {
    const clinic = uuid(`clinic ${who}`)
    if (path === "/me") return { name: who, clinic_id: clinic }
    if (path.startsWith("/notes/")) return one(notes(who), path)
    const asked =
      how === "a parameter for the clinic"
        ? query.get("clinic")
        : how === "a header for the clinic"
          ? query.get("header")
          : null
    const chosen = accounts.find((name) => uuid(`clinic ${name}`) === asked) ?? who
    const isWide = how === "all=true" ? query.get("all") === "true" : how === "no filter" && !query.has("mine")
    return isWide ? accounts.flatMap(notes) : notes(chosen)
  }
  const report = await fromRecordings(system, (who) => ["/me", "/notes?mine=1", `/notes/${note(who, 0).id}`])
  expect(named(report)).toEqual([`${check} GET /notes`])
})

test("three accounts are tried in every direction, and the finding says who saw whose", async () => {
  const system: System = (who, path) =>
    path === "/notes"
      ? notes(who)
      : path.startsWith("/notes/")
        ? (one(notes(who), path) ?? (who === "ben" ? one(notes("ann"), path) : undefined))
        : undefined
  const origin = await serve(system)
  const all = []
  for (const who of [...accounts, "cat"]) {
    const asked = ["/notes", `/notes/${note(who, 0).id}`].map((path) => ({ path }))
    all.push(parseHar(await recordHar(origin, [["cookie", `who=${who}`]], asked), who))
  }
  const report = await verifyHttp({
    accounts: all.map(({ account }) => account),
    recorded: all.flatMap(({ exchanges }) => exchanges),
    scope: scopeOf(origin),
    version: "0.0.0",
  })
  expect(named(report)).toEqual(["WKC201 GET /notes/{id}"])
  expect(report.findings[0]?.evidence).toContain("ben saw ann's")
  expect(report.findings[0]?.evidence).not.toMatch(/cat saw|ann saw|saw cat/)
})

test("a document is enough where ids are short and lists lead to them", async () => {
  const rows = (who: string) =>
    numbers.map((n) => ({
      id: 2 * n + (who === "ann" ? 1 : 2),
      who: `${who} number ${n}`,
      memo: `${who} said ${n * 7} words`,
    }))
  const system =
    (isOpen: boolean): System =>
    (who, path) => {
      if (path === "/api/visits") return { items: rows(who).slice(0, 3) }
      if (path === `/api/me`) return { name: who }
      const found = [...rows(who), ...(isOpen ? rows(other(who)) : [])].find(
        ({ id }) => String(id) === path.split("/")[3],
      )
      return path.startsWith("/api/visits/") ? found : undefined
    }
  const paths = {
    "/me": { get: {} },
    "/visits": { get: {} },
    "/visits/{visitId}": { get: { parameters: [{ name: "visitId", in: "path", required: true }] } },
  }
  const run = async (isOpen: boolean) => {
    const origin = await serve(system(isOpen))
    const api = parseOpenApi(
      JSON.stringify({ openapi: "3.1.0", servers: [{ url: `${origin}/api` }], paths }),
      "api.json",
    )
    const given = accounts.map((name) => ({ name, credentials: [["cookie", `who=${name}`] as const], ambient: [] }))
    return await verifyHttp({ accounts: given, api, scope: scopeOf(origin), version: "0.0.0" })
  }
  expect(await run(false)).toMatchObject({ verdict: "NOT_FOUND", findings: [] })
  expect(named(await run(true))).toEqual(["WKC201 GET /api/visits/{visitId}"])
})
