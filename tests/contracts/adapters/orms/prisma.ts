import { fileURLToPath } from "node:url"
import { PrismaPg } from "@prisma/adapter-pg"
import { prismaOn } from "@wardkeep/adapters/prisma"
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
    findMany<Found = Patient & { readonly branch_id: string }>(query?: object): Promise<Found[]>
    create(query: object): Promise<Patient>
    update(query: object): Promise<Patient>
    upsert(query: object): Promise<Patient>
  }
  $queryRawUnsafe<R>(text: string): Promise<R[]>
  $transaction(work: (tx: Prisma) => Promise<unknown>): Promise<unknown>
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

export const prismaSubject: OrmSubject = {
  name: "Prisma",
  library: "@prisma/client",
  call: "new PrismaClient({ adapter: prismaOn(wk, new PrismaPg({}, { schema })) })",
  open: async (wk, schema) => {
    const folder = fileURLToPath(new URL("../../../results/prisma", import.meta.url))
    const PrismaClient = await generatePrisma<Prisma>(models, folder, import.meta.url)
    const prisma = new PrismaClient({ adapter: prismaOn(wk, new PrismaPg({}, { schema })) })
    return {
      list: async () => await prisma.patient.findMany(),
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
      transaction: async (work) => await prisma.$transaction(async (tx) => await work(inside(tx))),
      lazy: () => prisma.patient.findMany(),
      close: async () => await prisma.$disconnect(),
    }
  },
}
