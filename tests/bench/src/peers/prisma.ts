import { fileURLToPath } from "node:url"
import { generatePrisma } from "../../../fixture/prisma-client.ts"
import type { Login } from "../data/prepare.ts"
import { type Peer, single } from "./peer.ts"

const models = `
model Patient {
  clinicId  String   @map("clinic_id") @db.Uuid
  branchId  String   @map("branch_id") @db.Uuid
  id        String   @id @db.Uuid
  fullName  String   @map("full_name")
  phone     String?
  createdAt DateTime @map("created_at") @db.Timestamptz
  @@map("patient")
}
`

interface Row {
  readonly clinicId: string
}

/** The parts of the generated client that are used here; it is made at run time and has no types before. */
interface Prisma {
  $executeRaw(text: TemplateStringsArray, ...values: unknown[]): Promise<number>
  $transaction(work: readonly unknown[]): Promise<readonly unknown[]>
  $extends(extension: object): Prisma
  $disconnect(): Promise<void>
  readonly patient: { findMany(query: object): Promise<Row[]> }
}

/** Prisma's own row-level security example: an extension that puts set_config and the query into one transaction. */
export async function prismaExtension(url: (login: Login) => string, login: Login): Promise<Peer> {
  const PrismaClient = await generated()
  const { PrismaPg } = await import("@prisma/adapter-pg")
  const adapter = new PrismaPg({ connectionString: url(login), max: 1 }, { schema: "plain" })
  const prisma = new PrismaClient({ adapter })
  return {
    name: "Prisma, row-level security extension",
    point: async ({ clinic, id }) => {
      const rows = await forTenant(prisma, clinic).patient.findMany({ where: { id } })
      single(
        rows.map((row) => ({ clinic_id: row.clinicId })),
        clinic,
      )
    },
    close: () => prisma.$disconnect(),
  }
}

function forTenant(prisma: Prisma, clinic: string): Prisma {
  return prisma.$extends({
    query: {
      $allModels: {
        async $allOperations({ args, query }: { args: unknown; query: (args: unknown) => unknown }) {
          const [, result] = await prisma.$transaction([
            prisma.$executeRaw`select set_config('bench.clinic', ${clinic}, true)`,
            query(args),
          ])
          return result
        },
      },
    },
  })
}

/** The models above as a client, made beside the built benchmarks. */
function generated(): Promise<new (options: object) => Prisma> {
  const folder = new URL(import.meta.url.endsWith(".ts") ? "../../dist/prisma" : "prisma", import.meta.url)
  return generatePrisma<Prisma>(models, fileURLToPath(folder), import.meta.url)
}
