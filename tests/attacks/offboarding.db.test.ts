import { createHmac, randomBytes, randomUUID } from "node:crypto"
import type pg from "pg"
import { beforeAll, describe, expect, it } from "vitest"
import { waitsFor } from "#tests/fixture/blocked.ts"
import { enterBySql, type Grant, issueBySql } from "#tests/fixture/token.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { asSuperuser, codeOf, makeWorld, type World } from "./world.ts"

/** Requests under way while access is being taken away: the end must hold over them, whichever comes first. */
describe("ending access while a request is under way", () => {
  const database = useDatabase()
  let world: World

  beforeAll(async () => {
    world = await makeWorld(database, "portable")
  })

  const fresh = async (actor: string): Promise<Grant> => {
    const { clinic, branch } = world.clinic.branches[1]
    const asked = [{ role: "doctor", tenant: clinic, branches: [branch], purposes: ["care"] }]
    const [grant] = await issueBySql(world.adminUrl, world.clinic, asked, { actor })
    return grant!
  }

  const request = (kind: "session" | "reopen", body: Record<string, unknown>, key = world.clinic.key): unknown[] => {
    const text = JSON.stringify({ nonce: randomUUID(), issued_at: new Date().toISOString(), ...body })
    return [text, key.id, createHmac("sha256", key.secret).update(`${kind}:${text}`).digest()]
  }

  const session = (actor: string, key = world.clinic.key): unknown[] => {
    const { clinic, branch } = world.clinic.branches[1]
    const assignments = [{ role: "doctor", tenant: clinic, branches: [branch], purposes: ["care"] }]
    return request("session", { actor, ttl_seconds: 3600, mfa_at: new Date().toISOString(), assignments }, key)
  }

  const reopen = (grant: Grant, actor: string): unknown[] => {
    const { session_id, tenant, role, purpose } = grant
    return request("reopen", { session_id, actor, tenant, role, purpose })
  }

  /** How many rows a token is still worth, or the code of the refusal. */
  const spend = (grant: Grant): Promise<string> =>
    asSuperuser(world.appUrl, async (app) => {
      await app.query("begin")
      try {
        await enterBySql(app, grant)
        return `${(await app.query("select * from public.patient")).rowCount} rows`
      } catch (error) {
        return codeOf(error)
      } finally {
        await app.query("rollback")
      }
    })

  /** `first` runs in a transaction of the issuer's login that stays open while `second` runs; then it commits. */
  const overlap = async (
    first: { sql: string; values: unknown[]; begin?: string },
    second: (issuer: pg.Client) => Promise<unknown>,
  ): Promise<Grant | undefined> =>
    asSuperuser(world.issuerUrl, async (open) => {
      await open.query("begin")
      const { rows } = await open.query<Grant>(first.sql, first.values)
      const ending = asSuperuser(world.issuerUrl, second)
      await waitsFor(world.adminUrl, open, ending)
      await open.query("commit")
      await ending
      return rows[0]
    })

  it("a job that is reopened while its session ends gets no token that outlives the session", async () => {
    const grant = await fresh("leaver-1")
    const minted = await overlap(
      { sql: "select * from wardkeep.reopen_session($1, $2, $3)", values: reopen(grant, "leaver-1") },
      (q) => q.query("select wardkeep.end_session($1, 'left')", [grant.session_id]),
    )
    expect(await spend(grant)).toBe("WK102")
    expect(await spend(minted!)).toBe("WK102")
  })

  it("is refused under an isolation level that would not see what was issued a moment ago", async () => {
    const grant = await fresh("isolated")
    await asSuperuser(world.issuerUrl, async (issuer) => {
      for (const level of ["repeatable read", "serializable"]) {
        await issuer.query(`begin isolation level ${level}`)
        const ending = issuer.query("select wardkeep.end_session($1, 'test')", [grant.session_id])
        await expect(ending).rejects.toMatchObject({ code: "WK009" })
        await issuer.query("rollback")
      }
      await issuer.query("select wardkeep.end_session($1, 'test')", [grant.session_id])
    })
    expect(await spend(grant)).toBe("WK102")
  })

  it("a job cannot be reopened in a transaction that is older than the end of its session", async () => {
    const grant = await fresh("leaver-2")
    const answer = await asSuperuser(world.issuerUrl, async (old) => {
      await old.query("begin isolation level repeatable read")
      await old.query("select 1")
      await asSuperuser(world.issuerUrl, (q) => q.query("select wardkeep.end_session($1, 'left')", [grant.session_id]))
      try {
        const { rows } = await old.query<Grant>(
          "select * from wardkeep.reopen_session($1, $2, $3)",
          reopen(grant, "leaver-2"),
        )
        await old.query("commit")
        return await spend(rows[0]!)
      } catch (error) {
        return codeOf(error)
      }
    })
    expect(answer).toMatch(/^(40001|WK009|WK102)$/)
  })

  it("a session that is issued while its actor is ended does not stay", async () => {
    await fresh("leaver-3")
    const minted = await overlap(
      { sql: "select * from wardkeep.issue_session($1, $2, $3)", values: session("leaver-3") },
      (q) => q.query("select wardkeep.end_actor('leaver-3', 'left')"),
    )
    expect(await spend(minted!)).toBe("WK102")
  })

  describe("a signing key that is retired after a theft", () => {
    const stolen = { id: "k007", secret: randomBytes(32) }
    const owner = (): string => world.clinic.logins.app.user.replace(/app$/, "owner")
    const asOwner = (sql: string, values: unknown[] = []): Promise<unknown> =>
      asSuperuser(world.adminUrl, async (admin) => {
        await admin.query(`set role ${owner()}`)
        return await admin.query(sql, values)
      })
    const add = (id: string): Promise<unknown> => asOwner("select wardkeep.add_key($1, $2)", [id, stolen.secret])

    it("mints nothing in a transaction that is older than its retirement", async () => {
      await add("k007")
      const answer = await asSuperuser(world.issuerUrl, async (old) => {
        await old.query("begin isolation level repeatable read")
        await old.query("select 1")
        await asOwner("select wardkeep.retire_key('k007', true)")
        try {
          const values = session("thief", stolen)
          const { rows } = await old.query<Grant>("select * from wardkeep.issue_session($1, $2, $3)", values)
          await old.query("commit")
          return await spend(rows[0]!)
        } catch (error) {
          return codeOf(error)
        }
      })
      expect(answer).toMatch(/^(40001|WK009|WK202)$/)
    })

    it("is not retired under an isolation level that would not see what was issued a moment ago", async () => {
      await add("k009")
      for (const level of ["repeatable read", "serializable"]) {
        const retiring = asOwner(`begin isolation level ${level}; select wardkeep.retire_key('k009', true)`)
        await expect(retiring).rejects.toMatchObject({ code: "WK009" })
      }
      await asOwner("select wardkeep.retire_key('k009', true)")
    })

    it("takes the sessions with it that were being issued", async () => {
      await add("k008")
      const minted = await overlap(
        {
          sql: "select * from wardkeep.issue_session($1, $2, $3)",
          values: session("thief", { ...stolen, id: "k008" }),
        },
        () => asOwner("select wardkeep.retire_key('k008', true)"),
      )
      expect(await spend(minted!)).toBe("WK102")
    })
  })
})
