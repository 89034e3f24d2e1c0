import { fileURLToPath } from "node:url"
import { PrismaPg } from "@prisma/adapter-pg"
import { prismaOn } from "@wardkeep/adapters/prisma"
import type { Wardkeep } from "@wardkeep/postgres"
import { generatePrisma } from "#tests/fixture/prisma-client.ts"
import type { Inside, OrmSubject, Patient, Row } from "../orm.ts"

const models = `
model patient {
  clinic_id  String  @default(dbgenerated()) @db.Uuid
  branch_id  String  @default(dbgenerated()) @db.Uuid
  id         String  @default(dbgenerated("gen_random_uuid()")) @db.Uuid
  full_name  String
  hiv_status String? @default(dbgenerated("'unknown'"))
  visits     visit[]
  @@id([clinic_id, branch_id, id])
}
model visit {
  clinic_id  String  @default(dbgenerated()) @db.Uuid
  branch_id  String  @default(dbgenerated()) @db.Uuid
  id         String  @default(dbgenerated("gen_random_uuid()")) @db.Uuid
  patient_id String  @db.Uuid
  reason     String
  patient    patient @relation(fields: [clinic_id, branch_id, patient_id], references: [clinic_id, branch_id, id])
  @@id([clinic_id, branch_id, id])
}
`

/** The parts of the generated client that are used here: it is made at run time and has no types before. */
interface Prisma {
  readonly patient: {
    findUnique(query: object): Promise<Patient | null>
    findFirst(query: object): Promise<Patient | null>
    count(query?: object): Promise<number>
    aggregate(query: object): Promise<object>
    findMany<Found = Patient>(query?: object): Promise<Found[]>
    create(query: object): Promise<Patient>
    update(query: object): Promise<Patient>
    upsert(query: object): Promise<Patient>
  }
  readonly visit: {
    findMany(query?: object): Promise<object[]>
    groupBy(query: object): Promise<object[]>
  }
  $queryRawUnsafe<R>(text: string): Promise<R[]>
  $transaction(work: (tx: Prisma) => Promise<unknown>, limits?: object): Promise<unknown>
  $disconnect(): Promise<void>
}

const inside = (tx: Prisma): Inside => ({
  add: async (name) => await tx.patient.create({ data: { full_name: name } }),
  list: async () => await tx.patient.findMany(),
  nested: async (work) => await tx.$transaction(async (deeper) => await work(inside(deeper))),
})

const keyOf = async (prisma: Prisma, id: string) => {
  const [found] = await prisma.patient.findMany({ where: { id } })
  const { clinic_id, branch_id } = found!
  return { clinic_id_branch_id_id: { clinic_id, branch_id, id } }
}

/** Milliseconds. Prisma ends a transaction after five seconds, waiting for a connection included: here 125 want three. */
const patient = { maxWait: 60_000, timeout: 60_000 }

let made: Promise<new (options: object) => Prisma> | undefined
/** Generated once. */
const clientClass = (): Promise<new (options: object) => Prisma> => {
  const folder = fileURLToPath(new URL("../../../results/prisma", import.meta.url))
  made ??= generatePrisma<Prisma>(models, folder, import.meta.url)
  return made
}

/** As somebody would do it who hands Prisma the pool and nothing else. */
export async function barePrisma(wk: Wardkeep): Promise<Prisma> {
  const PrismaClient = await clientClass()
  return new PrismaClient({ adapter: new PrismaPg(wk.pool), omit: { patient: { hiv_status: true } } })
}

export const prismaSubject: OrmSubject = {
  name: "Prisma",
  library: "@prisma/client",
  call: "prismaOn(wk, new PrismaClient({ adapter: new PrismaPg({}), omit }))",
  open: async (wk) => {
    const PrismaClient = await clientClass()
    const omit = { patient: { hiv_status: true } }
    const prisma = prismaOn(wk, new PrismaClient({ adapter: new PrismaPg({}), omit }))
    return {
      list: async () => await prisma.patient.findMany(),
      allColumns: async () => await prisma.patient.findMany({ omit: { hiv_status: false } }),
      one: async (key) => await prisma.patient.findUnique({ where: { clinic_id_branch_id_id: key } }),
      raw: async (text) => await prisma.$queryRawUnsafe<Row>(text),
      find: async (name) => await prisma.patient.findMany({ where: { full_name: name } }),
      create: async (name) => (await prisma.patient.create({ data: { full_name: name } })).id,
      save: async (id, name) =>
        await prisma.patient.update({ where: await keyOf(prisma, id), data: { full_name: name } }),
      upsert: async (id, name) =>
        await prisma.patient.upsert({
          where: await keyOf(prisma, id),
          create: { id, full_name: name },
          update: { full_name: name },
        }),
      eager: async () =>
        await prisma.patient.findMany<Row & { visits: { reason: string }[] }>({ include: { visits: true } }),
      transaction: async (work) => await prisma.$transaction(async (tx) => await work(inside(tx)), patient),
      lazy: () => prisma.patient.findMany(),
      reads: (key, name) => {
        const where = { clinic_id_branch_id_id: key }
        return [
          [
            "orderBy, take and skip",
            ["patient"],
            async () => await prisma.patient.findMany({ orderBy: { id: "asc" }, take: 2, skip: 1 }),
          ],
          [
            "a cursor",
            ["patient"],
            async () => await prisma.patient.findMany({ cursor: where, take: 2, orderBy: { id: "asc" } }),
          ],
          ["select", ["patient"], async () => await prisma.patient.findMany({ select: { full_name: true } })],
          ["findFirst", ["patient"], async () => await prisma.patient.findFirst({ where: { full_name: name } })],
          [
            "distinct",
            ["patient"],
            async () => await prisma.patient.findMany({ distinct: ["full_name"], select: { full_name: true } }),
          ],
          [
            "some of a relation",
            ["patient"],
            async () => await prisma.patient.findMany({ where: { visits: { some: {} } } }),
          ],
          [
            "a relation selected",
            ["patient", "visit"],
            async () =>
              await prisma.patient.findMany({ select: { full_name: true, visits: { select: { reason: true } } } }),
          ],
          [
            "findUnique with include",
            ["patient", "visit"],
            async () => await prisma.patient.findUnique({ where, include: { visits: true } }),
          ],
          [
            "the parent included",
            ["patient", "visit"],
            async () => await prisma.visit.findMany({ include: { patient: true } }),
          ],
          ["groupBy", ["visit"], async () => await prisma.visit.groupBy({ by: ["patient_id"], _count: true })],
          ["aggregate", ["patient"], async () => await prisma.patient.aggregate({ _max: { full_name: true } })],
          ["count", ["patient"], async () => await prisma.patient.count()],
        ]
      },
      close: async () => await prisma.$disconnect(),
    }
  },
  exceptions: {
    "read all columns": {
      why: "puts the schema before every table and so never meets the role's views: a column that is hidden from the role is refused (42501). Make one client for each role, with `omit` for what is hidden from it",
      error: /denied/,
    },
  },
  notes: [
    "Hand it to `prismaOn` always, never `wk.pool` alone: Prisma joins `findUnique` calls of one tick, whoever makes them, and one tenant would get another's row.",
    "Columns that the database fills, such as `clinic_id`, are `@default(dbgenerated())` in the schema.",
    "Not tried: `$extends`, and `$transaction` with an array.",
  ],
}
