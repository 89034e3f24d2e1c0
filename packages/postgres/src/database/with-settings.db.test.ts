import { describe, expect, it } from "vitest"
import { connected } from "#tests/fixture/clinic.ts"
import { document, withFreshHost } from "#tests/fixture/host.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { readCatalog } from "../compile/catalog.js"
import { plan } from "../compile/plan.js"
import type { Queryable } from "./queryable.js"
import { interpreted, withSettings } from "./with-settings.js"

const database = useDatabase()

const own = "set jit = on; set search_path = wk_own, public"
const settings = "select current_setting('jit') || ' ' || current_setting('search_path') as now"
const during = { ...interpreted, search_path: "pg_catalog" }

const settingsOf = async (client: Queryable): Promise<string> =>
  (await client.query<{ now: string }>(settings)).rows[0]?.now ?? ""

describe("settings of a piece of work", () => {
  it("hold while it runs and are the session's own again after it, or after its error", async () => {
    await connected(database.ownerUrl, async (client) => {
      await client.query(own)
      expect(await withSettings(client, during, () => settingsOf(client))).toBe("off pg_catalog")
      expect(await settingsOf(client)).toBe("on wk_own, public")
      await expect(withSettings(client, during, () => client.query("select 1/0"))).rejects.toThrow("division by zero")
      expect(await settingsOf(client)).toBe("on wk_own, public")
    })
  })

  it("go with a transaction that failed under them, and the error is the work's own", async () => {
    await connected(database.ownerUrl, async (client) => {
      await client.query(own)
      await client.query("begin")
      await expect(withSettings(client, during, () => client.query("select 1/0"))).rejects.toThrow("division by zero")
      await client.query("rollback")
      expect(await settingsOf(client)).toBe("on wk_own, public")
    })
  })

  it("keep a plan from being compiled, and from changing what the session has", async () => {
    const schema =
      "create table clinic (id int primary key); create table branch (id int primary key, clinic_id int not null references clinic)"
    await withFreshHost(database, schema, document({ tables: {}, roles: {} }), async (host) => {
      await host.asOwner(async (client) => {
        await client.query(own)
        const seen: string[] = []
        const watched: Queryable = {
          query: async (text, values) => {
            seen.push(await settingsOf(client))
            return await client.query(text, values === undefined ? undefined : [...values])
          },
        }
        await plan({ client: watched, policy: host.policy })
        // The first question asks what is set, the last one sets it again.
        expect(seen.slice(1).filter((now) => !now.startsWith("off "))).toEqual([])
        expect(seen.length).toBeGreaterThan(10)
        expect(await settingsOf(client)).toBe("on wk_own, public")
        // Whoever reads the catalog beside the plan: exports, moves of tenants, counts of what nobody sees.
        seen.length = 0
        await readCatalog(watched, host.policy)
        expect(seen.slice(1).filter((now) => !now.startsWith("off "))).toEqual([])
        expect(seen.length).toBeGreaterThan(5)
      })
    })
  })
})
