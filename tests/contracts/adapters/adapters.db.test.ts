import { once } from "node:events"
import type { Server } from "node:http"
import type { AddressInfo } from "node:net"
import { expressContext, expressErrors } from "@wardkeep/adapters/express"
import { sequelizeOn } from "@wardkeep/adapters/sequelize"
import type { Wardkeep } from "@wardkeep/postgres"
import express from "express"
import pg from "pg"
import postgres from "postgres"
import { Sequelize } from "sequelize"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { type Stage, stage } from "./application.ts"
import { type FrameworkCase, frameworkCases } from "./framework-cases.ts"
import { frameworkSubjects } from "./frameworks/index.ts"
import type { Orm } from "./orm.ts"
import { codeIn, type OrmCase, ormCases } from "./orm-cases.ts"
import { ormSubjects } from "./orms/index.ts"
import { mikroOrm } from "./orms/mikroorm.ts"
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

it("a request without a session, within another's context, is not answered in that context", async () => {
  const wk = here.newClient()
  const application = here.application(wk)
  const app = express()
  app.use(expressContext(wk, { session: () => here.sessions[0] }))
  app.use("/portal", expressContext(wk, { session: () => undefined }))
  app.get(["/patients", "/portal/patients"], async (_request, response) => void response.json(await application.list()))
  app.use(expressErrors())
  const server = app.listen(0, "127.0.0.1")
  await once(server, "listening")
  const get = (path: string) => fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`)
  try {
    expect((await get("/patients")).status).toBe(200)
    const portal = await get("/portal/patients")
    expect([portal.status, await portal.json()]).toEqual([401, { code: "WK101", message: "No context" }])
  } finally {
    server.closeAllConnections()
    server.close()
    await wk.close()
  }
})

it("Sequelize gives a connection back whose transaction was ended in another context", async () => {
  const wk = here.newClient()
  const sequelize = sequelizeOn(wk, new Sequelize({ dialect: "postgres", dialectModule: pg, logging: false }))
  const [first, second] = here.sessions
  const made = `insert into patient (full_name) values ('Sequelize, ended elsewhere')`
  for (let round = 0; round < 4; round++) {
    const transaction = await wk.run(first, () => sequelize.transaction())
    await wk.run(first, () => sequelize.query(made, { transaction }))
    expect(await codeIn(() => wk.run(second, () => transaction.commit()))).toBe("WK103")
  }
  await expect.poll(() => wk.pool.idleCount).toBe(wk.pool.totalCount)
  await expect.poll(here.busy).toBe(0)
  expect(await here.count("Sequelize, ended elsewhere")).toBe(0)
  await sequelize.close()
  await wk.close()
})

it("a fork of MikroORM that two people share gives one's row to the other, which `orm.em` does not", async () => {
  const wk = here.newClient()
  const { orm, find } = mikroOrm(wk)
  const [first, second] = here.sessions
  const { rows } = await wk.run(first, () => wk.query<{ id: string }>("select id from patient limit 1"))
  const { id } = rows[0]!
  const shared = orm.em.fork()
  expect(await wk.run(second, () => find(shared, id))).toBeNull()
  const own = await wk.run(first, () => find(shared, id))
  expect(own).toMatchObject({ id, created_at: expect.any(Date) })
  expect(await wk.run(second, () => find(shared, id))).toBe(own)
  expect(await wk.run(first, () => find(orm.em, id))).toMatchObject({ id })
  expect(await wk.run(second, () => find(orm.em, id))).toBeNull()
  // Its cache of results knows the question, and not who asks.
  const cached = () => orm.em.find("patient", {}, { cache: 60_000 })
  for (const session of [first, second]) await expect(wk.run(session, cached)).rejects.toMatchObject({ code: "WK115" })
  await orm.close()
  await wk.close()
})

it("postgres.js takes no connection from elsewhere; with one of its own, the application's login reads and writes nothing", async () => {
  const sql = postgres(database.appUrl(used.clinic.logins.app), { max: 1, onnotice: () => undefined })
  // What it could be handed is a socket, and then the protocol on it is its own.
  expect(Object.keys(sql.options)).not.toContain("pool")
  const refused = { code: expect.stringMatching(/^(WK101|42501)$/) }
  await expect(sql`select full_name from patient`).rejects.toMatchObject(refused)
  await expect(sql`insert into patient (full_name) values ('postgres.js')`).rejects.toMatchObject(refused)
  await expect(sql.begin((tx) => tx`select full_name from public.patient`)).rejects.toMatchObject(refused)
  await sql.end()
})
