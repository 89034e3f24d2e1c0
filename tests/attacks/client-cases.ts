import { createIssuer, createWardkeep, type Issuer, type Session, type Wardkeep } from "@wardkeep/postgres"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { canary } from "#tests/fixture/clinic.ts"
import type { UsedDatabase } from "#tests/harness/src/use-database.ts"
import { codeOf, makeWorld, type Strategy, type World } from "./world.ts"

/** What injected SQL leaves on a connection is met by the next tenant there: over one connection, and through a pooler's one. */
export function injectedSql(database: UsedDatabase, strategy: Strategy, pooler = false): void {
  describe(`SQL that the application is tricked into sending, ${strategy}`, () => {
    let world: World
    let issuer: Issuer
    let wk: Wardkeep
    let attacker: Session
    let victim: Session
    let colleague: Session

    beforeAll(async () => {
      world = await makeWorld(database, strategy)
      const { clinic } = world
      issuer = createIssuer({
        pool: { connectionString: database.url(clinic.logins.issuer), max: 1 },
        keyId: clinic.key.id,
        key: clinic.key.secret,
      })
      // One connection: everything that a unit leaves behind meets the next one.
      wk = createWardkeep({ pool: { connectionString: world.appUrl, max: 1 }, policy: clinic.policy, issuer, pooler })
      const session = (actor: string, branches: readonly number[]): Promise<Session> =>
        issuer.issueSession({
          actor,
          mfaAt: new Date(),
          ttl: "PT1H",
          assignments: [
            {
              tenant: clinic.branches[branches[0]!]!.clinic,
              branches: branches.map((b) => clinic.branches[b]!.branch),
              role: "doctor",
              purposes: ["care"],
            },
          ],
        })
      attacker = await session("mallory", [0])
      victim = await session("victim", [2])
      colleague = await session("colleague", [0, 1])
    })

    afterAll(async () => {
      await wk?.close()
      await issuer?.close()
    })

    const patients = async (session: Session): Promise<string> =>
      await wk.run(session, async () => {
        const { rows } = await wk.query<{ full_name: string; seen: string; day: string }>(
          "select full_name, now()::text as seen, '02/01/2026'::date::text as day from patient order by full_name",
        )
        return JSON.stringify(rows.map((row) => [row.full_name, row.day]))
      })

    const inject = async (text: string): Promise<string> =>
      await wk.run(attacker, async () => {
        return await wk.query(text).then((result) => JSON.stringify(result.rows), codeOf)
      })

    it.each([
      "deallocate all",
      "prepare wk_1 as select 1",
      "/* select */ deallocate all",
      "-- select\ndeallocate all",
      "execute wk_1",
      "begin",
      "commit",
      "rollback",
      "set role none",
      "set timezone = 'Asia/Kolkata'",
      "reset all",
      "discard all",
      "listen loot",
      "notify loot",
      "declare h cursor with hold for select 1",
      "do $$ begin execute 'deallocate all'; end $$",
      "alter role current_user set search_path = evil",
      "lock table patient",
      "copy patient to stdout",
      "call x()",
      "create temporary table t (x int)",
      "grant select on patient to public",
      "vacuum",
      "checkpoint",
      "load 'x'",
      "drop owned by current_user",
      "select 1; deallocate all",
      "select 1; select 2",
      "explain analyze select * from patient",
      "savepoint a",
      "set session authorization default",
      "truncate patient",
    ])("refuses the statement %s, and the next tenant is served as before", async (text) => {
      const before = await patients(victim)
      expect(before).toContain(canary(2))
      expect(await inject(text)).toMatch(/^(WK108|42601)$/)
      expect(await patients(victim)).toBe(before)
    })

    it.each([
      ["TimeZone", "Pacific/Auckland"],
      ["DateStyle", "German, DMY"],
      ["search_path", "pg_catalog"],
      ["default_transaction_read_only", "on"],
      ["default_transaction_isolation", "repeatable read"],
      ["statement_timeout", "1"],
      ["lock_timeout", "1"],
      ["row_security", "off"],
      ["role", "none"],
      ["wardkeep.token", "x"],
      ["wardkeep.branch", "FOREIGN"],
      ["wardkeep.branch", "OWN"],
      ["wardkeep.request", "forged"],
      ["standard_conforming_strings", "off"],
      ["bytea_output", "escape"],
      ["IntervalStyle", "iso_8601"],
      ["extra_float_digits", "-5"],
      ["xmlbinary", "hex"],
      ["log_parameter_max_length_on_error", "-1"],
      ["client_min_messages", "debug5"],
      ["plan_cache_mode", "force_generic_plan"],
    ])("a session setting %s = %s left by a SELECT changes nothing for the next tenant", async (name, value) => {
      const [own, , foreign] = world.clinic.branches
      const text = value === "OWN" ? own.branch : value === "FOREIGN" ? foreign.branch : value
      const [forVictim, forColleague] = [await patients(victim), await patients(colleague)]
      const isolation = async (): Promise<unknown> =>
        await wk.run(victim, async () => {
          const names = [
            "transaction_isolation",
            "wardkeep.request",
            "log_parameter_max_length_on_error",
            "client_min_messages",
          ]
          const { rows } = await wk.query(
            `select ${names.map((n) => `coalesce(current_setting('${n}', true), '') as "${n}"`).join(", ")}, '\\x00'::bytea::text as b, interval '1 day'::text as i, 0.1::float8::text as f`,
          )
          return rows
        })
      const settings = await isolation()
      // The control: the setting was really made. A SELECT may be refused by PostgreSQL, and then there is nothing to see.
      expect(await inject(`select set_config('${name}', '${text}', false)`)).toMatch(/set_config|^42501$|^WK/)
      expect(await patients(victim)).toBe(forVictim)
      expect(await patients(colleague)).toBe(forColleague)
      expect(await isolation()).toEqual(settings)
    })

    it.each(["lock_timeout", "default_transaction_isolation", "client_min_messages", "TimeZone", "search_path"])(
      "a session setting %s left by an UPDATE of pg_settings changes nothing for the next tenant",
      async (name) => {
        const current = async (): Promise<unknown> =>
          await wk.run(victim, async () => (await wk.query("select current_setting($1) as v", [name])).rows)
        const before = await current()
        const value =
          {
            default_transaction_isolation: "serializable",
            client_min_messages: "error",
            TimeZone: "Pacific/Auckland",
            search_path: "pg_catalog",
          }[name] ?? "77"
        const answer = await inject(`update pg_settings set setting = '${value}' where name = '${name}'`)
        expect(answer).toMatch(/^\[|^WK/)
        expect(await current()).toEqual(before)
      },
    )

    it("a name of a prepared statement is no handle on what another tenant runs", async () => {
      const seen = await inject("select name, statement from pg_prepared_statements")
      expect(seen).not.toContain(canary(2))
      expect(await inject("select query_to_xml('deallocate all', true, true, '')")).toMatch(/^(0A000|WK\d+)$/)
      expect(await patients(victim)).toContain(canary(2))
    })

    it(`texts that an earlier tenant sent on the session ${pooler ? "are under no name there" : "can be read, as the threat model says"}; parameters cannot be read`, async () => {
      const [text, parameter] = [`in-the-text-${strategy}`, `in-a-parameter-${strategy}`]
      await wk.run(victim, () => wk.query(`select 1 where '${text}' <> $1`, [parameter]))
      const seen = await inject("select * from pg_prepared_statements")
      if (pooler) expect(seen).not.toContain(text)
      else expect(seen).toContain(text)
      expect(seen).not.toContain(parameter)
    })

    it("a session lock taken in a SELECT does not stop the next tenant", async () => {
      await inject("select pg_advisory_lock(42)")
      expect(await patients(victim)).toContain(canary(2))
    })

    it("an error says no foreign value and no parameter", async () => {
      const error = await wk.run(attacker, () =>
        wk.query("select $1::int, full_name::int from patient", ["secret-parameter"]).catch((e: unknown) => e),
      )
      const text = JSON.stringify(error, Object.getOwnPropertyNames(error)).split('"stack"')[0]
      expect(text).not.toContain(canary(2))
      expect(codeOf(error)).toMatch(/^22P02$|^WK/)
    })

    it("nobody is served without a context", async () => {
      expect(await wk.query("select * from patient").then(() => "none", codeOf)).toBe("WK101")
    })
  })
}
