import { createRequire } from "node:module"
import { createWardkeep } from "@wardkeep/postgres"
import { fromNamespace } from "@wardkeep/postgres/cls-hooked"
import { beforeAll, describe, expect, it } from "vitest"
import { withLogin } from "#tests/fixture/clinic.ts"
import { legFromEnvironment } from "#tests/harness/src/index.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { describeReport, fuzz, planned } from "./engine.ts"
import { buildWorld, type World } from "./world.ts"

const cls: typeof import("cls-hooked") = createRequire(import.meta.url)("cls-hooked")
const seed = Number(process.env.WARDKEEP_FUZZ_SEED ?? 20261124)
// It is the client that is tried: the older server gets half. `npm run fuzz` makes a million.
const total = Number(process.env.WARDKEEP_FUZZ_STATEMENTS ?? (legFromEnvironment() === "pg15" ? 10_000 : 20_000))

const database = useDatabase()
let world: World

beforeAll(async () => {
  world = await buildWorld(database.ownerUrl, 25)
})

interface Way {
  readonly name: string
  readonly max: number
  readonly shared?: number
  readonly store: "als" | "cls-hooked"
}

const ways: readonly Way[] = (["als", "cls-hooked"] as const).flatMap((store) => [
  { name: "a pool of 1", max: 1, store },
  { name: "a pool of 2", max: 2, store },
  { name: "a pool of 10", max: 10, store },
  { name: "2 shared pipelined connections", max: 2, shared: 2, store },
])

describe("nobody sees a row of somebody else, and nobody waits for ever", () => {
  for (const [index, way] of ways.entries()) {
    it(`${way.name}, ${way.store}`, { timeout: 3_600_000 }, async () => {
      const namespace = way.store === "als" ? undefined : cls.createNamespace(`fuzz-${index}`)
      const wk = createWardkeep({
        pool: { connectionString: withLogin(database.adminUrl, world.clinic.logins.app), max: way.max },
        policy: world.clinic.policy,
        ...(way.shared === undefined ? {} : { shared: { connections: way.shared } }),
        ...(namespace === undefined ? {} : { contextStore: fromNamespace(namespace) }),
      })
      try {
        const report = await fuzz({
          wk,
          world,
          seed: seed + index,
          statements: Math.ceil(total / ways.length),
          concurrency: 500,
          adminUrl: database.adminUrl,
          ...(namespace === undefined ? {} : { around: (work) => namespace.runAndReturn(work) }),
        })
        process.stdout.write(`${describeReport(`fuzz ${database.leg}: ${way.name}, ${way.store}`, report)}\n`)
        expect(report.wrong).toEqual([])
        expect(report.hung).toEqual([])
        expect([...report.errors.keys()].filter((code) => !planned.has(code))).toEqual([])
      } finally {
        await wk.close()
      }
    })
  }
})
