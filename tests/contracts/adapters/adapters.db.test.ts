import { once } from "node:events"
import type { Server } from "node:http"
import type { AddressInfo } from "node:net"
import type { Wardkeep } from "@wardkeep/postgres"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { type Stage, stage } from "./application.ts"
import { type FrameworkCase, frameworkCases } from "./framework-cases.ts"
import { frameworkSubjects } from "./frameworks/index.ts"
import type { Orm } from "./orm.ts"
import { type OrmCase, ormCases } from "./orm-cases.ts"
import { ormSubjects } from "./orms/index.ts"
import { barePrisma } from "./orms/prisma.ts"

const database = useDatabase()
const used = useClient(database)
let here: Stage

beforeAll(async () => {
  here = await stage(database, used)
})

const namesOf = <T extends string>(cases: Readonly<Record<T, unknown>>): T[] => Object.keys(cases) as T[]

/** What an error says, and what it was made of. */
function said(error: unknown): string {
  if (typeof error !== "object" || error === null) return ""
  const { message, cause, original, driverError } = error as Record<string, unknown>
  return [String(message), said(cause), said(original), said(driverError)].join("\n")
}

// The page docs/reference/adapters.md is made from the same tables: what it says does not work must fail here, as it says.
describe.each(ormSubjects)("$name", (subject) => {
  let wk: Wardkeep
  let orm: Orm

  beforeAll(async () => {
    wk = here.newClient()
    orm = await subject.open(wk)
  })
  afterAll(async () => {
    await orm?.close?.()
    await wk?.close()
  })

  it.each(namesOf<OrmCase>(ormCases))("%s", async (name) => {
    const exception = subject.exceptions?.[name]
    const outcome = ormCases[name]({ ...here, wk, orm, mark: `${subject.name}, ${name}` })
    if (exception === undefined) await outcome
    else expect(await outcome.then(() => "it works", said)).toMatch(exception.error)
  })
})

describe.each(frameworkSubjects)("$name", (subject) => {
  let wk: Wardkeep
  let server: Server
  let origin = ""

  beforeAll(async () => {
    wk = here.newClient()
    server = await subject.open(here.application(wk))
    server.listen(0, "127.0.0.1")
    await once(server, "listening")
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(async () => {
    server?.closeAllConnections()
    server?.close()
    await wk?.close()
  })

  it.each(namesOf<FrameworkCase>(frameworkCases))("%s", async (name) => {
    await frameworkCases[name]({ ...here, wk, origin, mark: `${subject.name}, ${name}` })
  })
})

it("Prisma on the pool alone gives one tenant's row to another, which is why prismaOn is there", async () => {
  const wk = here.newClient()
  const prisma = await barePrisma(wk)
  const [first, second] = here.sessions
  const [key] = await wk.run(first, () => prisma.patient.findMany())
  const { clinic_id, branch_id, id } = key!
  const one = () => prisma.patient.findUnique({ where: { clinic_id_branch_id_id: { clinic_id, branch_id, id } } })
  expect(await wk.run(second, one)).toBeNull()
  const [, stolen] = await Promise.all([wk.run(first, one), wk.run(second, one)])
  expect(stolen?.clinic_id).toBe(clinic_id)
  await prisma.$disconnect()
  await wk.close()
})
