import type { Imported } from "../../packages/wardkeep/src/commands/wiring/source.ts"

export interface Code {
  readonly imports?: readonly Imported[]
  /** What the wiring exports and this takes. */
  readonly takes: readonly string[]
  readonly text: string
}

/** Each ends with `list` and `elsewhere`, which answer the names of patients: all, and those of the other branch. */
export const asked = {
  pg: {
    takes: ["db"],
    text: `
  const list = async () => (await db.query("select full_name from patient")).rows
  const elsewhere = async () => (await db.query("select full_name from patient where branch_id = $1", [VELACHERY])).rows`,
  },
  knex: {
    takes: ["db"],
    text: `
  const list = async () => await db("patient").select("full_name")
  const elsewhere = async () => await db("patient").select("full_name").where({ branch_id: VELACHERY })`,
  },
  kysely: {
    takes: ["db"],
    text: `
  const names = db.selectFrom("patient").select("full_name")
  const list = async () => await names.execute()
  const elsewhere = async () => await names.where("branch_id", "=", VELACHERY).execute()`,
  },
  drizzle: {
    takes: ["db"],
    imports: [
      { from: "drizzle-orm", names: ["eq"] },
      { from: "drizzle-orm/pg-core", names: ["pgTable", "text", "uuid"] },
    ],
    text: `
  const patient = pgTable("patient", { branch_id: uuid("branch_id"), full_name: text("full_name").notNull() })
  const names = () => db.select({ full_name: patient.full_name }).from(patient)
  const list = async () => await names()
  const elsewhere = async () => await names().where(eq(patient.branch_id, VELACHERY))`,
  },
  sequelize: {
    takes: ["db"],
    imports: [{ from: "sequelize", names: ["DataTypes"] }],
    text: `
  const id = { type: DataTypes.UUID, primaryKey: true }
  const columns = { id, branch_id: DataTypes.UUID, full_name: DataTypes.TEXT }
  const patient = db.define("patient", columns, { timestamps: false, freezeTableName: true })
  const list = async () => await patient.findAll({ attributes: ["full_name"] })
  const elsewhere = async () => await patient.findAll({ attributes: ["full_name"], where: { branch_id: VELACHERY } })`,
  },
  typeorm: {
    takes: ["dbWith"],
    imports: [{ from: "typeorm", names: ["EntitySchema"] }],
    text: `
  const columns = { id: { type: "uuid", primary: true }, branch_id: { type: "uuid" }, full_name: { type: "text" } } as const
  const patient = new EntitySchema<{ id: string; branch_id: string; full_name: string }>({ name: "patient", columns })
  const { manager } = await dbWith([patient]).initialize()
  const select = { full_name: true } as const
  const list = async () => await manager.find(patient, { select })
  const elsewhere = async () => await manager.find(patient, { select, where: { branch_id: VELACHERY } })`,
  },
  mikroorm: {
    takes: ["dbWith"],
    imports: [{ from: "@mikro-orm/postgresql", names: ["EntitySchema"] }],
    text: `
  const properties = { id: { type: "uuid", primary: true }, branch_id: { type: "uuid" }, full_name: { type: "text" } }
  const patient = new EntitySchema({ name: "patient", properties })
  const { em } = dbWith([patient])
  const list = async () => (await em.find(patient, {})).map(({ full_name }) => ({ full_name }))
  const elsewhere = async () => await em.find(patient, { branch_id: VELACHERY })`,
  },
  prisma: {
    takes: ["db"],
    text: `
  const list = async () => await db.patient.findMany({ select: { full_name: true } })
  const elsewhere = async () => await db.patient.findMany({ where: { branch_id: VELACHERY } })`,
  },
} satisfies Readonly<Record<string, Code>>

/** Each ends with a `server` of Node.js that listens. */
export const served = {
  express: {
    imports: [{ from: "express", all: "express" }],
    takes: ["inContext", "refusals"],
    text: `
  const app = express()
  app.use(inContext)
  app.get("/patients", async (_request, response) => { response.json(await list()) })
  app.get("/elsewhere", async (_request, response) => { response.json(await elsewhere()) })
  app.use(refusals)
  const server = app.listen(0)
  await once(server, "listening")`,
  },
  fastify: {
    imports: [{ from: "fastify", names: ["fastify"] }],
    takes: ["inContext", "refusals"],
    text: `
  const app = fastify()
  app.addHook("onRequest", inContext)
  app.setErrorHandler(refusals)
  app.get("/patients", list)
  app.get("/elsewhere", elsewhere)
  await app.listen({ port: 0 })
  const { server } = app`,
  },
  hono: {
    imports: [
      { from: "@hono/node-server", names: ["createAdaptorServer"] },
      { from: "hono", names: ["Hono"] },
    ],
    takes: ["inContext", "refusals"],
    text: `
  const app = new Hono()
  app.use(inContext)
  app.onError(refusals)
  app.get("/patients", async (c) => c.json(await list()))
  app.get("/elsewhere", async (c) => c.json(await elsewhere()))
  const server = createAdaptorServer({ fetch: app.fetch })
  server.listen(0)
  await once(server, "listening")`,
  },
  // Decorators are called as functions, so that no setting of the compiler is needed.
  nestjs: {
    imports: [
      { from: "@nestjs/common", names: ["Controller", "Get", "Module"] },
      { from: "@nestjs/core", names: ["NestFactory"] },
    ],
    takes: ["inContext", "refusals"],
    text: `
  class Patients {
    list() { return list() }
    elsewhere() { return elsewhere() }
  }
  const method = (name: "list" | "elsewhere") => Object.getOwnPropertyDescriptor(Patients.prototype, name)!
  Get("patients")(Patients.prototype, "list", method("list"))
  Get("elsewhere")(Patients.prototype, "elsewhere", method("elsewhere"))
  Controller()(Patients)
  class Clinic {}
  Module({ controllers: [Patients] })(Clinic)
  const app = await NestFactory.create(Clinic, { logger: false })
  app.use(inContext)
  app.useGlobalFilters(refusals(app))
  await app.listen(0)
  const server = app.getHttpServer()`,
  },
  none: {
    imports: [
      { from: "node:http", names: ["createServer"] },
      { from: "wardkeep", names: ["wardkeepErrorIn"] },
    ],
    takes: ["inContext"],
    text: `
  const server = createServer(async (request, response) => {
    const answer = (status, body) => { response.statusCode = status; response.end(JSON.stringify(body)) }
    try {
      answer(200, await inContext(request.headers.cookie, request.url === "/patients" ? list : elsewhere))
    } catch (error) {
      const { http = 500, code } = wardkeepErrorIn(error) ?? {}
      answer(http, { code })
    }
  })
  server.listen(0)
  await once(server, "listening")`,
  },
} satisfies Readonly<Record<string, Code>>
