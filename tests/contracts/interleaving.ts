import { setTimeout as sleep } from "node:timers/promises"
import { type ContextStore, createWardkeep, type Wardkeep, type WardkeepOptions } from "@wardkeep/postgres"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { installClinic } from "#tests/fixture/clinic.ts"
import type { UsedDatabase } from "#tests/harness/src/use-database.ts"
import { killAsTheyEnd } from "./killing.ts"
import { manyTenants, type Tenant } from "./many-tenants.ts"
import { faultsUnderKills } from "./verdict.ts"
import { call, newTally, type Tally, ways } from "./ways.ts"

export interface ContractOptions {
  readonly database: UsedDatabase
  readonly tenants?: number
  /** How many connections there are, one test for each. */
  readonly connections?: readonly number[]
  readonly contextStore?: ContextStore
  /** What the host puts around each request. */
  readonly request?: <T>(work: () => Promise<T>) => Promise<T>
  readonly client?: Partial<WardkeepOptions>
  readonly strategy?: "portable" | "accelerated"
}

const names = Object.keys(ways)

/** What must hold whatever carries the context and whatever lies between the client and the server. */
export function interleavingContract(name: string, options: ContractOptions): void {
  const { database, request = async (work) => await work() } = options
  const count = options.tenants ?? 500
  const shared = options.client?.shared !== undefined
  let tenants: Tenant[] = []
  let make: (max: number) => Wardkeep
  const open: { close(): Promise<void> }[] = []
  let appUser = ""

  const visit = async (wk: Wardkeep, tenant: Tenant, way: string, n: number, tally: Tally): Promise<void> =>
    await request(async () => await call(wk, tenant, way, n, tally))

  beforeAll(async () => {
    const clinic = await installClinic(database.ownerUrl, { strategy: options.strategy ?? "portable" })
    appUser = clinic.logins.app.user
    const world = await manyTenants(
      clinic,
      {
        admin: database.adminUrl,
        issuer: database.url(clinic.logins.issuer),
        app: database.url(clinic.logins.app),
      },
      count,
    )
    tenants = world.tenants
    open.push(world.issuer)
    make = (max) => {
      const wk = createWardkeep({
        pool: { connectionString: database.appUrl(clinic.logins.app), max },
        policy: clinic.policy,
        ...(options.contextStore !== undefined && { contextStore: options.contextStore }),
        ...options.client,
      })
      open.push(wk)
      return wk
    }
  })

  afterAll(async () => {
    for (const each of open) await each.close()
  })

  describe(`${name}: interleaved tenants`, () => {
    for (const max of options.connections ?? [1, 2, 10]) {
      it(`see only their own rows over ${max} connections`, async () => {
        const wk = make(max)
        const tally = newTally()
        await Promise.all(tenants.map((tenant, n) => visit(wk, tenant, names[n % names.length] as string, n, tally)))
        await Promise.all(
          tenants.map((tenant, n) => visit(wk, tenant, names[(n * 7 + 3) % names.length] as string, n, tally)),
        )
        expect(tally).toEqual({ calls: 2 * count, wrong: 0, missing: 0, failed: new Map(), hung: [] })
        await wk.close()
      })
    }

    it("see only their own rows while backends are killed", async () => {
      const wk = make(4)
      const tally = newTally()
      const ended = { calls: 0 }
      const some = tenants.slice(0, 100)
      const killer = killAsTheyEnd({ adminUrl: database.adminUrl, user: appUser, every: shared ? 40 : 10, ended })
      for (let round = 0; round < 4; round++)
        await Promise.all(
          some.map(async (tenant, n) => {
            await visit(wk, tenant, names[(n + round) % names.length] as string, n, tally)
            ended.calls++
          }),
        )
      const kills = await killer.stop()
      expect(faultsUnderKills(tally, kills, shared)).toEqual([])
      const after = newTally()
      await sleep(50)
      await Promise.all(tenants.slice(0, 50).map((tenant, n) => visit(wk, tenant, "query", n, after)))
      expect(after).toMatchObject({ wrong: 0, missing: 0, hung: [], failed: new Map() })
      await wk.close()
    })

    it("see only their own rows while calls are aborted", async () => {
      const wk = make(3)
      const tally = newTally()
      await Promise.all(
        tenants.slice(0, 150).map(async (tenant, n) => {
          if (n % 3 !== 0) return await visit(wk, tenant, names[n % names.length] as string, n, tally)
          const stop = new AbortController()
          const started = Date.now()
          const slow = request(
            async () =>
              await wk.run(tenant.session, async () => {
                const running = wk.query("select clinic_id, full_name, pg_sleep(5) from patient", [], {
                  signal: stop.signal,
                })
                setTimeout(() => stop.abort(), n % 40)
                return await running
              }),
          )
          await expect(slow).rejects.toMatchObject({ code: expect.stringMatching(/WK111|WK109/) })
          expect(Date.now() - started).toBeLessThan(20_000)
        }),
      )
      expect(tally).toEqual({ calls: 100, wrong: 0, missing: 0, failed: new Map(), hung: [] })
      await wk.close()
    })
  })
}
