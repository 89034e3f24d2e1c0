import fc from "fast-check"
import type pg from "pg"
import { beforeAll, describe, expect, it } from "vitest"
import { blanks } from "#tests/fixture/blanks.ts"
import { useClient } from "#tests/fixture/client.ts"
import { connected } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import type { Wardkeep } from "./index.js"
import { firstWord } from "./lexer.js"

const database = useDatabase()
const used = useClient(database)

const pidOf = async (wk: Wardkeep): Promise<number> =>
  (await wk.query<{ pid: number }>("select pg_backend_pid() as pid")).rows[0]!.pid

beforeAll(async () => {
  // What an injected fragment can reach although its name is in no text: a function of the host.
  await connected(database.adminUrl, async (admin) => {
    await admin.query(`create function public.fiddle(name text, value text) returns text language sql as
      $$ select set_config(name, value, false) $$`)
    await admin.query(
      `create function public.run(what text) returns void language plpgsql as $$ begin execute what; end $$`,
    )
    await admin.query("create sequence public.ran; grant usage on sequence public.ran to public")
  })
})

describe("the lexer", () => {
  it("finds the word that the server executes, whatever stands before it", async () => {
    await connected(database.adminUrl, async (admin) => {
      const texts = [
        "select 1",
        "values (1)",
        "show all",
        "listen x",
        "set work_mem to '1MB'",
        "delete from staff where false",
      ]
      await fc.assert(
        fc.asyncProperty(blanks, fc.constantFrom(...texts), async (prefix, text) => {
          const { command } = await admin.query({ text: prefix + text, values: [], name: "" } as pg.QueryConfig)
          const word = firstWord(prefix + text)?.word
          expect(word === "values" ? "select" : word).toBe(command.toLowerCase())
        }),
        { numRuns: 400 },
      )
    })
  })
})

describe("a setting that a statement leaves behind", () => {
  it("destroys the session when the server reports it", async () => {
    const wk = used.make({ max: 1 })
    await wk.run(used.doctor, async () => {
      const before = await pidOf(wk)
      const { rows } = await wk.query<{ fiddle: string }>("select public.fiddle('TimeZone', 'Pacific/Chatham')")
      expect(rows[0]?.fiddle).toBe("Pacific/Chatham")
      expect(await pidOf(wk)).not.toBe(before)
      expect((await wk.query<{ zone: string }>("select current_setting('TimeZone') as zone")).rows[0]?.zone).not.toBe(
        "Pacific/Chatham",
      )
    })
  })

  it("is found before the next statement when the server does not report it", async () => {
    for (const [name, value] of [
      // Ends the prologue itself on a slow machine; either way the session does not go on.
      ["statement_timeout", "1"],
      ["statement_timeout", "59s"],
      ["row_security", "off"],
      ["search_path", "pg_catalog"],
    ] as const) {
      const wk = used.make({ max: 1 })
      await wk.run(used.doctor, async () => {
        const before = await pidOf(wk)
        await wk.query("select public.fiddle($1, $2)", [name, value])
        expect((await wk.query("select full_name from patient")).rowCount, name).toBe(5)
        expect(await pidOf(wk), name).not.toBe(before)
      })
    }
  })

  it("cannot be a branch for the next context", async () => {
    const wk = used.make({ max: 1 })
    await wk.run(
      used.doctor,
      async () => await wk.query("select public.fiddle('wardkeep.branch', $1)", [used.clinic.branches[0].branch]),
    )
    await wk.run(used.other, async () => expect((await wk.query("select id from patient")).rowCount).toBe(5))
  })

  it("ends the session when the text names what could leave one", async () => {
    const wk = used.make({ max: 1 })
    await wk.run(used.doctor, async () => {
      const before = await pidOf(wk)
      await wk.query("select set_config('bytea_output', 'escape', false)")
      expect(await pidOf(wk)).not.toBe(before)
    })
  })
})

describe("prepared statements", () => {
  it("that vanished destroy the session, and the statement runs on another", async () => {
    const wk = used.make({ max: 1 })
    await wk.run(used.doctor, async () => {
      const before = await pidOf(wk)
      await wk.query("select public.run('deallocate all')")
      expect((await wk.query("select id from patient")).rowCount).toBe(5)
      expect(await pidOf(wk)).not.toBe(before)
    })
  })

  it("whose result changes shape are prepared anew", async () => {
    const wk = used.make({ max: 1 })
    await wk.run(used.doctor, async () => {
      const before = await pidOf(wk)
      for (let i = 0; i < 3; i++) await wk.query("select * from public.drug")
      await used.admin("alter table drug add column form text default 'tablet'")
      const { rows, fields } = await wk.query("select * from public.drug")
      expect(fields.map((field) => field.name)).toContain("form")
      expect(rows[0]).toMatchObject({ form: "tablet" })
      expect(await pidOf(wk)).toBe(before)
    })
  })

  it("carry a name per text and role, so that roles do not replan one another", async () => {
    const wk = used.make({ max: 1 })
    const text = "select name, statement from pg_prepared_statements where statement like '%patient%'"
    for (let i = 0; i < 2; i++)
      for (const session of [used.doctor, used.other])
        await wk.run(session, async () => await wk.query("select id from patient"))
    await wk.run(used.doctor, async () => {
      const { rows } = await wk.query<{ name: string; statement: string }>(text)
      expect(rows.filter((row) => row.statement === "select id from patient")).toHaveLength(2)
    })
  })

  it("are closed beyond the capacity of a session", async () => {
    const wk = used.make({ max: 1 })
    await wk.run(used.doctor, async () => {
      for (let i = 0; i < 620; i++) await wk.query(`select ${i} as n`)
      const { rows } = await wk.query<{ n: number }>("select count(*)::int as n from pg_prepared_statements")
      expect(rows[0]?.n).toBeLessThanOrEqual(500)
      for (let i = 0; i < 620; i += 31) expect((await wk.query(`select ${i} as n`)).rows).toEqual([{ n: i }])
    })
  })

  it("that did not parse are not taken for known", async () => {
    const wk = used.make({ max: 1 })
    await wk.run(used.doctor, async () => {
      for (let i = 0; i < 2; i++)
        await expect(wk.query("select nothing_like_it from patient")).rejects.toMatchObject({ code: "42703" })
      await used.admin("alter table patient add column nothing_like_it int")
      await used.admin("grant select (nothing_like_it) on patient to public")
      expect((await wk.query("select p.nothing_like_it from public.patient p")).rowCount).toBe(5)
    })
  })

  it("can be done without", async () => {
    const wk = used.make({ max: 1, preparedStatements: false })
    await wk.run(used.doctor, async () => {
      for (let i = 0; i < 3; i++)
        expect((await wk.query("select id from patient where id is not null")).rowCount).toBe(5)
      expect((await wk.query("select from pg_prepared_statements")).rowCount).toBe(0)
    })
  })
})

describe("a context that the database refuses", () => {
  it("keeps the statement from running at all", async () => {
    const wk = used.make({ max: 1 })
    const session = await used.newSession("doctor", 0, ["care"])
    const [grant] = session.grants
    const foreign = { ...session, grants: [{ ...grant!, dbRole: "postgres" }] }
    await expect(wk.run(foreign, async () => await wk.query("select nextval('public.ran')"))).rejects.toMatchObject({
      code: "WK107",
    })
    expect(await used.admin("select is_called from public.ran")).toEqual([{ is_called: false }])
    await wk.run(session, async () => await wk.query("select nextval('public.ran')"))
    expect(await used.admin("select last_value::int as n from public.ran")).toEqual([{ n: 1 }])
  })

  it("ends with the next statement after revocation", async () => {
    const session = await used.newSession("doctor", 0, ["care"])
    await used.wk.run(session, async () => {
      expect((await used.wk.query("select id from patient")).rowCount).toBe(5)
      await used.wk
        .tx(async (q) => {
          await q.query("select id from patient")
          await used.issuer.endSession(session.id, "test")
          await expect(q.query("select id from patient")).rejects.toMatchObject({ code: "WK102" })
        })
        .catch(() => undefined)
      await expect(used.wk.query("select id from patient")).rejects.toMatchObject({ code: "WK102" })
    })
  })
})

describe("shared sessions", () => {
  it("finish what is under way when the client closes, and take nothing more", async () => {
    const wk = used.make({ shared: { connections: 1 } })
    const text = "select count(*)::int as n from patient, pg_sleep(0.3)"
    await wk.run(used.doctor, async () => {
      await wk.query("select 1")
      const under = [wk.query<{ n: number }>(text), wk.query<{ n: number }>(text)]
      const closing = wk.close()
      await expect(wk.query("select 1")).rejects.toMatchObject({ code: "WK009" })
      expect((await Promise.all(under)).map(({ rows }) => rows.length)).toEqual([1, 1])
      await closing
    })
  })

  it("reject what was under way when one is poisoned, and go on", async () => {
    const wk = used.make({ shared: { connections: 1 } })
    await wk.run(used.doctor, async () => await wk.query("select 1"))
    const results = await Promise.allSettled([
      wk.run(used.doctor, async () => await wk.query("select public.fiddle('DateStyle', 'SQL, MDY')")),
      wk.run(used.other, async () => await wk.query<{ d: string }>("select '02/01/2026'::date::text as d")),
    ])
    expect(results[0]).toMatchObject({ status: "fulfilled" })
    expect(results[1]).toMatchObject({ status: "rejected", reason: { code: "WK109" } })
    await wk.run(used.other, async () => expect((await wk.query("select id from patient")).rowCount).toBe(5))
  })

  it("keep statements that may change a session away", async () => {
    const wk = used.make({ shared: { connections: 1 } })
    await wk.run(used.doctor, async () => {
      const before = await pidOf(wk)
      await wk.query("select set_config('TimeZone', 'Pacific/Chatham', false)")
      expect(await pidOf(wk)).toBe(before)
    })
  })
})
