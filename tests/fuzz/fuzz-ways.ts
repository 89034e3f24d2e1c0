import { createRequire } from "node:module"
import { createIssuer, createWardkeep } from "@wardkeep/postgres"
import { fromNamespace } from "@wardkeep/postgres/cls-hooked"
import { beforeAll, expect, it } from "vitest"
import type { UsedDatabase } from "#tests/harness/src/use-database.ts"
import { describeReport, fuzz } from "./engine.ts"
import { perWay } from "./totals.ts"
import { faults } from "./verdict.ts"
import type { Way } from "./ways.ts"
import { buildWorld, type World } from "./world.ts"

const cls: typeof import("cls-hooked") = createRequire(import.meta.url)("cls-hooked")
const seed = Number(process.env.WARDKEEP_FUZZ_SEED ?? 20261124)
const concurrency = 500

/** Fuzzes those of `all` that `fits` takes, in a world of their strategy; each makes its share of the statements of the leg. */
export function fuzzWays(database: UsedDatabase, all: readonly Way[], fits: (way: Way) => boolean, tenants = 25): void {
  let world: World
  const strategies = new Set(all.filter(fits).map((way) => way.strategy))
  const [strategy] = strategies
  if (strategy === undefined || strategies.size > 1) throw new Error("ways of one strategy share a world")

  beforeAll(async () => {
    world = await buildWorld(database.ownerUrl, tenants, strategy)
  })

  for (const [index, way] of all.entries()) {
    if (!fits(way)) continue
    it(`${way.name}, ${way.store}`, { timeout: 3_600_000 }, async () => {
      const statements = perWay(database.leg, all.length)
      const namespace = way.store === "als" ? undefined : cls.createNamespace(`fuzz-${index}`)
      const { logins, key, policy } = world.clinic
      const issuerPool = { connectionString: database.url(logins.issuer), max: 2 }
      const issuer = createIssuer({ pool: issuerPool, keyId: key.id, key: key.secret })
      const wk = createWardkeep({
        pool: { connectionString: database.appUrl(logins.app), max: way.max },
        pooler: database.pooler !== undefined,
        policy,
        issuer,
        // Hundreds queue for one connection: who waits long is not ended, so that an end which nobody asked for is a fault.
        maxTransaction: 600_000,
        ...(way.shared === undefined ? {} : { shared: { connections: way.shared } }),
        ...(namespace === undefined ? {} : { contextStore: fromNamespace(namespace) }),
      })
      try {
        const around = namespace && ((work: () => Promise<void>) => namespace.runAndReturn(work))
        const { adminUrl } = database
        const asked = { wk, world, seed: seed + index, statements, concurrency, adminUrl }
        const report = await fuzz({ ...asked, ...(around && { around }) })
        process.stdout.write(`${describeReport(`fuzz ${database.leg}: ${way.name}, ${way.store}`, report)}\n`)
        // On a shared connection everybody who waits there is lost with it.
        expect(faults(report, way.shared === undefined ? undefined : concurrency)).toEqual([])
        expect(report.statements).toBeGreaterThanOrEqual(statements)
        for (const kind of ["stream", "download", "lookUp"])
          expect(report.outcomes.get(kind)?.get("done"), kind).toBeGreaterThan(0)
      } finally {
        await wk.close()
        await issuer.close()
      }
    })
  }
}
