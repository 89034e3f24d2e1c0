import { type Account, parseHar, parseOpenApi, parseScope, verifyHttp } from "@wardkeep/conformance"
import { afterAll, beforeAll, expect, test } from "vitest"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { clinicTemplate, openClinic, type TestClinic } from "../../examples/express-clinic/src/testing/open-clinic.ts"
import { ordinaryVisits } from "./clinic-visits.ts"
import { recordHar } from "./recorder.ts"

const database = useDatabase({ template: clinicTemplate })
let clinic: TestClinic

beforeAll(async () => {
  clinic = await openClinic(database)
})
afterAll(() => clinic.close())

const slow = { timeout: 240_000 }
const acrossClinics = [
  ["doctor", "doctorElsewhere"],
  ["reception", "receptionElsewhere"],
] as const
const unequal = [
  ["doctor", "doctorNextDoor"],
  ["billing", "doctorElsewhere"],
] as const

const scope = () =>
  parseScope(
    JSON.stringify({
      hosts: [new URL(clinic.origin).host],
      requestsPerSecond: 200,
      stopAt: new Date(Date.now() + 600_000).toISOString(),
      maxRequests: 5_000,
    }),
  )

async function accounts(parts: readonly (keyof TestClinic["people"])[]): Promise<Account[]> {
  const signedIn = []
  for (const part of parts) {
    const { cookie } = await clinic.signIn(clinic.people[part])
    signedIn.push({ name: part, credentials: [["cookie", cookie] as const], ambient: [] })
  }
  return signedIn
}

test.each(acrossClinics)(
  "%s and %s of the clinic as it is see nothing of each other, from its own document",
  slow,
  async (...parts) => {
    const text = await (await fetch(`${clinic.origin}/openapi.json`)).text()
    const api = parseOpenApi(text, "openapi.json")
    const report = await verifyHttp({
      accounts: await accounts(parts),
      api,
      baseUrl: clinic.origin,
      scope: scope(),
      version: "0.0.0",
    })
    expect(report.findings).toEqual([])
    if (process.env.SHOW) console.log(JSON.stringify(report, null, 1))
  },
)

test.each(unequal)(
  "%s and %s of the clinic as it is see nothing of each other, from recordings",
  slow,
  async (...parts) => {
    const signedIn = await accounts(parts)
    const recordings = []
    for (const [index, { name, credentials }] of signedIn.entries()) {
      const headers = credentials.map(([header, value]): [string, string] => [header, value])
      const visits = ordinaryVisits(clinic.world, clinic.people[parts[index]!].branches[0]!)
      recordings.push(parseHar(await recordHar(clinic.origin, headers, visits), name))
    }
    const report = await verifyHttp({
      accounts: recordings.map(({ account }) => account),
      recorded: recordings.flatMap(({ exchanges }) => exchanges),
      scope: scope(),
      version: "0.0.0",
    })
    expect(report.findings).toEqual([])
    if (process.env.SHOW) console.log(JSON.stringify(report, null, 1))
    if (parts[0] === "doctor") expect(report.verdict).toBe("NOT_FOUND")
  },
)
