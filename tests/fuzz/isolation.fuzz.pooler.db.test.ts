import { createRequire } from "node:module"
import { createWardkeep } from "@wardkeep/postgres"
import { fromNamespace } from "@wardkeep/postgres/cls-hooked"
import { beforeAll, describe, expect, it } from "vitest"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { describeReport, fuzz } from "./engine.ts"
import { perWay } from "./totals.ts"
import { faults } from "./verdict.ts"
import { buildWorld, type World } from "./world.ts"

const cls: typeof import("cls-hooked") = createRequire(import.meta.url)("cls-hooked")
const seed = Number(process.env.WARDKEEP_FUZZ_SEED ?? 20261124)

const database = useDatabase()
let world: World

beforeAll(async () => {
  world = await buildWorld(database.ownerUrl, 25)
})

interface Way {
  readonly name: string
  readonly max: number
  readonly store: "als" | "cls-hooked"
}

const ways: readonly Way[] = (["als", "cls-hooked"] as const).flatMap((store) => [
  { name: "PgBouncer, a pool of 2", max: 2, store },
  { name: "PgBouncer, a pool of 10", max: 10, store },
])

describe("through a pooler nobody sees a row of somebody else, and nobody waits for ever", () => {
  for (const [index, way] of ways.entries()) {
    it(`${way.name}, ${way.store}`, { timeout: 3_600_000 }, async () => {
      const statements = perWay(database.leg, ways.length)
      const namespace = way.store === "als" ? undefined : cls.createNamespace(`fuzz-${index}`)
      const wk = createWardkeep({
        pool: { connectionString: database.appUrl(world.clinic.logins.app), max: way.max },
        pooler: true,
        policy: world.clinic.policy,
        // Hundreds queue for one connection: who waits long is not ended, so that an end which nobody asked for is a fault.
        maxTransaction: 600_000,
        ...(namespace === undefined ? {} : { contextStore: fromNamespace(namespace) }),
      })
      try {
        const report = await fuzz({
          wk,
          world,
          seed: seed + index,
          statements,
          concurrency: 500,
          adminUrl: database.adminUrl,
          ...(namespace === undefined ? {} : { around: (work) => namespace.runAndReturn(work) }),
        })
        process.stdout.write(`${describeReport(`fuzz ${database.leg}: ${way.name}, ${way.store}`, report)}\n`)
        expect(faults(report)).toEqual([])
        expect(report.statements).toBeGreaterThanOrEqual(statements)
      } finally {
        await wk.close()
      }
    })
  }
})
