import { parseHar, parseOpenApi, parseScope, type Report, type Scope, verifyHttp } from "@wardkeep/conformance"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { targetIn } from "../../examples/express-clinic/src/demo/target.ts"
import { clinicTemplate, openClinic, type TestClinic } from "../../examples/express-clinic/src/testing/open-clinic.ts"
import { ordinaryVisits } from "./clinic-visits.ts"
import { type Document, documentWith } from "./document.ts"
import { type Front, openFront } from "./front.ts"
import type { Hole } from "./hole.ts"
import { holesById } from "./holes-by-id.ts"
import { holesInLists } from "./holes-in-lists.ts"
import { holesInTime, honestInTime } from "./holes-in-time.ts"
import { honest as honestRoutes } from "./honest.ts"
import { recordHar, type Visit } from "./recorder.ts"
import { acceptSocket, subscribe } from "./socket.ts"

const database = useDatabase({ template: clinicTemplate })
const planted = [...holesById, ...holesInLists, ...holesInTime]
const honest = [...honestRoutes, ...honestInTime]
const expected = [...planted.flatMap(({ found }) => found.slice(0, 1)), "WKC211 GET /live"].sort()
const accepted = new Set([...planted.flatMap(({ found }) => found), "WKC211 GET /live"])
let clinic: TestClinic
const fronts: Front[] = []

beforeAll(async () => {
  clinic = await openClinic(database)
})
afterAll(async () => {
  for (const front of fronts) await front.close()
  await clinic.close()
})

async function open(holes: readonly Hole[], isChecked: boolean): Promise<Front> {
  const routes = holes.flatMap((hole) => hole.routes)
  const socket = { path: "/live", upgrade: acceptSocket, say: subscribe(isChecked) }
  const front = await openFront(clinic.origin, database.adminUrl, routes, {
    ...socket,
    say: (asked, said) => socket.say(asked, said),
  })
  fronts.push(front)
  return front
}

const limits = { timeoutMs: 10_000, streamMs: 1_500, maxBytes: 4_000_000 }
const scopeOf = (front: Front): Scope =>
  parseScope(
    JSON.stringify({
      hosts: [new URL(front.origin).host],
      messages: ['{"branch":*'],
      methods: ["GET", "HEAD", "WS /live", "POST /cards/find", "POST /batch", "POST /papers/*"],
      requestsPerSecond: 200,
      stopAt: new Date(Date.now() + 600_000).toISOString(),
      maxRequests: 5_000,
    }),
  )

async function verify(
  front: Front,
  holes: readonly Hole[],
  parts: readonly (keyof TestClinic["people"])[],
): Promise<Report> {
  const recordings = []
  for (const part of parts) {
    const person = clinic.people[part]
    const target = targetIn(clinic.world, person.branches[0]!)
    const { cookie } = await clinic.signIn(person)
    const live: Visit = { path: "/live", said: [JSON.stringify({ branch: target.branch.id })] }
    const visits = [
      ...ordinaryVisits(clinic.world, target.branch),
      ...holes.flatMap((hole) => hole.visits(target, "")),
      live,
    ]
    const credentials = [["cookie", `${cookie}; branch=${target.branch.id}`]] as const
    recordings.push(parseHar(await recordHar(front.origin, credentials, visits), part))
  }
  return await verifyHttp({
    accounts: recordings.map(({ account }) => account),
    recorded: recordings.flatMap(({ exchanges }) => exchanges),
    scope: scopeOf(front),
    limits,
    version: "0.0.0",
  })
}

const named = (report: Report): string[] => report.findings.map(({ check, object }) => `${check} ${object}`).sort()

const slow = 240_000

describe("a doctor of one clinic and a doctor of another", () => {
  const parts = ["doctor", "doctorElsewhere"] as const

  test("every planted hole is found at its route, and nothing else is reported", { timeout: slow }, async () => {
    const front = await open([...planted, ...honest], false)
    const report = await verify(front, [...planted, ...honest], parts)
    if (process.env.SHOW) console.log(JSON.stringify(report, null, 1))
    const found = named(report)
    expect({
      missed: planted.filter((hole) => !hole.found.some((one) => found.includes(one))).map(({ name }) => name),
      invented: found.filter((one) => !accepted.has(one)),
    }).toEqual({ missed: [], invented: [] })
    expect(found).toContain("WKC211 GET /live")
    expect(expected.length).toBeGreaterThanOrEqual(20)
  })

  test("all but what the API's own document does not describe are found from it alone, and nothing else is reported", {
    timeout: slow,
  }, async () => {
    const holes = [...planted, ...honest]
    const front = await open(holes, false)
    const clinicDocument = (await (await fetch(`${clinic.origin}/openapi.json`)).json()) as Document
    const accounts = []
    for (const name of parts) {
      const { cookie } = await clinic.signIn(clinic.people[name])
      const branch = clinic.people[name].branches[0]!.id
      accounts.push({ name, credentials: [["cookie", `${cookie}; branch=${branch}`] as const], ambient: [] })
    }
    const report = await verifyHttp({
      accounts,
      api: parseOpenApi(documentWith(clinicDocument, holes), "openapi.json"),
      baseUrl: front.origin,
      scope: scopeOf(front),
      limits,
      version: "0.0.0",
    })
    if (process.env.SHOW) console.log(JSON.stringify(report, null, 1))
    const found = named(report)
    expect({
      missed: planted.filter((hole) => !hole.found.some((one) => found.includes(one))).map(({ name }) => name),
      invented: found.filter((one) => !accepted.has(one)),
    }).toEqual({
      missed: ["a batch of which only the first part is checked", "an export whose file anybody may fetch"],
      invented: [],
    })
  })

  test("routes that only look like holes are not reported", { timeout: slow }, async () => {
    const front = await open(honest, true)
    const report = await verify(front, honest, parts)
    if (process.env.SHOW) console.log(JSON.stringify(report, null, 1))
    expect(report.findings).toEqual([])
    expect(report.verdict).toBe("NOT_FOUND")
  })
})
