import { describe, expect, it } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { connected } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { StatementCatalog } from "./statements.js"

/** As the guide for operators says. */
const always = { server_reset_query: "DISCARD ALL", server_reset_query_always: 1 }
/** One server session, so that the next tenant is given what was left on it. */
const pooler = { poolSize: 1 }

describe.each(["portable", "accelerated"] as const)(
  "what the application's login leaves on the pooler's session, %s",
  (strategy) => {
    const database = useDatabase({ pooler })
    const used = useClient(database, { strategy })

    /** `check` runs while it is there, and it is taken back afterwards. */
    async function left(texts: readonly string[], check: () => Promise<void>): Promise<void> {
      const run = (all: readonly string[]) =>
        connected(database.appUrl(used.clinic.logins.app), async (login) => {
          for (const text of all) await login.query(text)
        })
      await run(texts)
      try {
        await check()
      } finally {
        await run(["discard all"])
      }
    }

    it("does not have the branch asked before the tenant", async () => {
      const wk = used.make({ pooler: true })
      const session = await used.newSession("doctor", 0, ["care"])
      await wk.run(session, () => wk.query("select id from patient"))
      await used.issuer.endSession(session.id, "test")
      await left(["set cpu_operator_cost = 0"], async () => {
        await expect(wk.run(session, () => wk.query("select id from patient"))).rejects.toMatchObject({ code: "WK102" })
      })
    })

    it("is no role that stops the next call", async () => {
      const wk = used.make({ pooler: true })
      await left([`set role ${used.doctor.grants[0]!.dbRole}`], async () => {
        await wk.run(used.other, async () => {
          expect((await wk.query("select id from patient")).rowCount).toBe(5)
          expect((await wk.tx((q) => q.query("select id from patient"))).rowCount).toBe(5)
        })
      })
    })

    it("rounds no number, leaves no row out and gives no transaction another isolation", async () => {
      const wk = used.make({ pooler: true })
      const settings = [
        "set extra_float_digits = -15",
        "set gin_fuzzy_search_limit = 1",
        "set transform_null_equals = on",
        "set session characteristics as transaction isolation level serializable",
      ]
      const text = `select 0.123456789::float8::text as n, current_setting('gin_fuzzy_search_limit') as l, (null = null) as q`
      await left(settings, async () => {
        await wk.run(used.doctor, async () => {
          expect((await wk.query(text)).rows).toEqual([{ n: "0.123456789", l: "0", q: null }])
          const { rows } = await wk.tx((q) => q.query("select current_setting('transaction_isolation') as level"))
          expect(rows).toEqual([{ level: "read committed" }])
        })
      })
    })

    it("ends no transaction after a time of somebody else's", async () => {
      const wk = used.make({ pooler: true })
      await left(["set transaction_timeout = '1500ms'"], async () => {
        await wk.run(used.doctor, async () => expect((await wk.query("select pg_sleep(2)")).rowCount).toBe(1))
      })
    })

    it("is in the way of no stream", async () => {
      const wk = used.make({ pooler: true })
      const cursors = Array.from({ length: 20 }, (_, at) => `declare wk_${at + 1} cursor with hold for select 1`)
      await left(cursors, async () => {
        await wk.run(used.doctor, async () => {
          let rows = 0
          for await (const _ of wk.stream("select id from patient")) rows++
          expect(rows).toBe(5)
        })
      })
    })

    it("is no statement that the next tenant runs, under whatever name the client would give", async () => {
      const wk = used.make({ pooler: true })
      const { dbRole } = used.doctor.grants[0]!
      const salt = `"$user",${used.clinic.policy.schema}`
      const names = [true, false].map((roleComment) => new StatementCatalog({ named: true, roleComment, salt }))
      const read = "select full_name from patient"
      const poisoned = names.flatMap((catalog) => [
        catalog.forRole(catalog.read(read), dbRole).name,
        ...["commit", "rollback", "set role none", "begin isolation level read committed"].map(
          (t) => catalog.own(t).name,
        ),
      ])
      expect(poisoned.every((name) => /^wk_.{22}$/.test(name))).toBe(true)
      const prepare = [...new Set(poisoned)].map((name) => `prepare "${name}" as select 'poisoned' as full_name`)
      await left([...prepare, "prepare wk_1 as select 'poisoned'"], async () => {
        await wk.run(used.doctor, async () => {
          const answers = [
            await wk.query<{ full_name: string }>(read),
            await wk.tx((q) => q.query<{ full_name: string }>(read)),
            await wk.pool.query<{ full_name: string }>({ name: "wk_1", text: read }),
          ]
          for (const { rows } of answers)
            expect(rows.map((row) => /canary-0/.test(row.full_name))).toEqual(Array(5).fill(true))
        })
      })
    })

    it("takes away no statement that somebody is about to run", async () => {
      const wk = used.make({ pooler: true })
      let over = false
      const taking = connected(database.appUrl(used.clinic.logins.app), async (login) => {
        let times = 0
        for (; !over; times++) await login.query("deallocate all")
        return times
      })
      await wk.run(used.doctor, async () => {
        for (let n = 0; n < 30; n++)
          expect((await wk.tx((q) => q.query("select from patient where phone <> $1", ["0"]))).rowCount).toBe(5)
      })
      over = true
      expect(await taking).toBeGreaterThan(10)
    })

    it("reaches no utility statement: those are refused here", async () => {
      const wk = used.make({ pooler: true })
      await expect(wk.dangerouslyUtility("select 1")).rejects.toMatchObject({
        code: "WK108",
        hint: expect.stringContaining("the server itself"),
      })
    })
  },
)

describe("a pooler that resets always", () => {
  const database = useDatabase({ pooler: { ...pooler, settings: always } })
  const used = useClient(database)

  it("takes away what no client can", async () => {
    const wk = used.make({ pooler: true })
    await wk.start()
    await connected(database.appUrl(used.clinic.logins.app), async (login) => {
      for (const setting of ["default_transaction_read_only = on", "statement_timeout = 1", "work_mem = '64kB'"])
        await login.query(`set ${setting}`)
      await login.query("listen left_here")
      await login.query("select pg_advisory_lock(7)")
    })
    await wk.run(used.doctor, async () => {
      expect((await wk.query("update patient set full_name = full_name")).rowCount).toBe(5)
      const text = `select current_setting('work_mem') <> '64kB' as reset, array(select pg_listening_channels()) as channels,
        (select count(*)::int from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()) as locks`
      expect((await wk.query(text)).rows).toEqual([{ reset: true, channels: [], locks: 0 }])
    })
  })
})
