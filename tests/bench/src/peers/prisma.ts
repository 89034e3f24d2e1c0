import { execFileSync } from "node:child_process"
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import type { Login } from "../data/prepare.ts"
import { type Peer, single } from "./peer.ts"

const schema = `
generator client {
  provider = "prisma-client-js"
  output   = "./client"
}
datasource db {
  provider = "postgresql"
}
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
  const { PrismaClient } = await generated()
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

/** Generates offline: version 7 needs no engine, but would fetch one to check the schema unless told where it is. */
async function generated(): Promise<{ readonly PrismaClient: new (options: object) => Prisma }> {
  const here = createRequire(import.meta.url)
  const folder = fileURLToPath(
    new URL(import.meta.url.endsWith(".ts") ? "../../dist/prisma" : "prisma", import.meta.url),
  )
  const scope = join(folder, "node_modules/@prisma")
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(scope, { recursive: true })
  // The generated client needs a package that only @prisma/client can see.
  const utilities = createRequire(here.resolve("@prisma/client")).resolve("@prisma/client-runtime-utils")
  symlinkSync(packageOf(utilities), join(scope, "client-runtime-utils"))
  const file = join(folder, "schema.prisma")
  writeFileSync(file, schema)
  const cli = join(here.resolve("prisma/package.json"), "..", "build/index.js")
  execFileSync(process.execPath, [cli, "generate", "--schema", file, "--no-hints"], {
    stdio: "pipe",
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: "1" },
  })
  return (await import(pathToFileURL(join(folder, "client/index.js")).href)) as {
    PrismaClient: new (options: object) => Prisma
  }
}

function packageOf(file: string): string {
  const folder = dirname(file)
  return folder.endsWith("client-runtime-utils") ? folder : packageOf(folder)
}
