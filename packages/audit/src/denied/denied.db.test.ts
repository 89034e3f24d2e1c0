import { randomBytes } from "node:crypto"
import type { Session } from "@wardkeep/postgres"
import pg from "pg"
import { afterAll, describe, expect, it } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { clinicPolicy } from "#tests/fixture/policy.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "../compile/audit.js"
import { recordFailedLogin } from "./failed-login.js"
import { recordRefusals } from "./refusals.js"

const database = useDatabase()
const used = useClient(database, {
  policy: clinicPolicy(`d${randomBytes(4).toString("hex")}`),
  extensions: [audit],
  refusals: recordRefusals,
})

interface Denied {
  readonly actor: string
  readonly tenant: string
  readonly relation: string
  readonly request: string | null
  readonly n: number
  readonly detail: { code: string }
}

const denied = async (session: Session): Promise<Denied[]> =>
  await used.admin<Denied>(
    "select actor, tenant, relation, request, n, detail::json from wardkeep_audit.event where verb = 'deny' and session = $1 order by id",
    [session.id],
  )

/** A refusal is recorded beside the call that was refused: soon, and not before it. */
async function deniedSoon(session: Session, many: number): Promise<Denied[]> {
  await expect.poll(async () => (await denied(session)).length, { timeout: 10_000 }).toBe(many)
  return await denied(session)
}

describe("what was refused", () => {
  it("is recorded with code and table and no value, though its transaction was rolled back", async () => {
    const session = await used.newSession("reception", 0)
    const secret = "a-value-that-is-nobodys"
    await used.wk.run(session, { requestId: "r-9" }, async () => {
      await expect(
        used.wk.query("select hiv_status from public.patient where full_name = $1", [secret]),
      ).rejects.toMatchObject({ code: "42501" })
      await deniedSoon(session, 1)
      await expect(used.wk.tx((q) => q.query(`delete from note where body = '${secret}'`))).rejects.toMatchObject({
        code: "42501",
      })
      await deniedSoon(session, 2)
      await expect(used.wk.pool.query("select * from staff")).rejects.toMatchObject({ code: "42501" })
    })
    const found = await deniedSoon(session, 3)
    const [place] = used.clinic.branches
    expect(found).toMatchObject([
      {
        actor: "reception-0",
        tenant: place.clinic,
        relation: "public.patient",
        request: "r-9",
        n: 1,
        detail: { code: "42501" },
      },
      { relation: "public.note" },
      { relation: "public.staff" },
    ])
    expect(JSON.stringify(found)).not.toContain(secret)
  })

  it("is recorded where a column that the role does not see was to decide, once, alone and in a transaction", async () => {
    const session = await used.newSession("reception", 0)
    const guess = "select id from patient where hiv_status = 'positive'"
    await used.wk.run(session, async () => {
      await expect(used.wk.query(guess)).rejects.toMatchObject({ code: "WK117" })
      await deniedSoon(session, 1)
      await expect(used.wk.tx((q) => q.query(guess))).rejects.toMatchObject({ code: "WK117" })
    })
    const found = await deniedSoon(session, 2)
    expect(found.map(({ relation, detail }) => [relation, detail])).toEqual(
      Array.from({ length: 2 }, () => ["public.patient", { code: "WK117" }]),
    )
  })

  it("is recorded where the client itself refuses: a foreign branch, a role nobody gave", async () => {
    const session = await used.newSession("doctor", 0, ["care"])
    const [, nextDoor] = used.clinic.branches
    await expect(used.wk.run(session, { branch: nextDoor.branch }, () => undefined)).rejects.toMatchObject({
      code: "WK105",
    })
    await expect(used.wk.run(session, { role: "owner" }, () => undefined)).rejects.toMatchObject({ code: "WK110" })
    await used.wk.run(session, async () => {
      await expect(used.wk.tx({ purpose: "billing" }, async () => undefined)).rejects.toMatchObject({ code: "WK110" })
    })
    const found = await deniedSoon(session, 3)
    expect(found.map(({ detail }) => detail.code)).toEqual(["WK105", "WK110", "WK110"])
  })

  it("is a number where it comes as a flood, and none of it is lost", async () => {
    const session = await used.newSession("reception", 0)
    await used.wk.run(session, async () => {
      const tries = Array.from({ length: 60 }, () => used.wk.query("select * from staff"))
      expect((await Promise.allSettled(tries)).every(({ status }) => status === "rejected")).toBe(true)
    })
    const counted = async (): Promise<number> => {
      const [row] = await used.admin<{ n: number }>(
        `select ((select coalesce(sum(more), 0) from wardkeep_audit.denial where session = $1)
          + (select coalesce(sum(n), 0) from wardkeep_audit.event where session = $1 and verb = 'deny'))::int as n`,
        [session.id],
      )
      return row?.n ?? 0
    }
    await expect.poll(counted, { timeout: 10_000 }).toBe(60)
    expect((await denied(session)).length).toBeLessThanOrEqual(22)
  })

  it("of an ended session is nobody's: the caller gets the refusal, and no record is made up", async () => {
    const session = await used.newSession("reception", 0)
    await used.issuer.endSession(session.id, "left")
    await used.wk.run(session, async () => {
      await expect(used.wk.query("select * from staff")).rejects.toThrow()
    })
    await used.wk.close()
    expect(await denied(session)).toEqual([])
  })
})

describe("a sign-in that failed", () => {
  const pools: pg.Pool[] = []
  const as = (login: "issuer" | "app"): pg.Pool => {
    const pool = new pg.Pool({ connectionString: database.url(used.clinic.logins[login]), max: 1 })
    pools.push(pool)
    return pool
  }
  afterAll(async () => {
    for (const pool of pools) await pool.end()
  })

  it("is an event of the clinic, or of the deployment where nobody knows the clinic, and a flood is a number", async () => {
    const issuer = as("issuer")
    const [place] = used.clinic.branches
    await recordFailedLogin(issuer, { tenant: place.clinic, actor: "asha", reason: "password" })
    await recordFailedLogin(issuer, { tenant: "no clinic", actor: "nobody", reason: "unknown" })
    for (let n = 0; n < 30; n++) await recordFailedLogin(issuer, { actor: "x".repeat(5000), reason: "unknown" })
    const found = await used.admin<{ tenant: string; actor: string; n: number }>(
      "select tenant, actor, n from wardkeep_audit.event where verb = 'login' order by id",
    )
    expect(found.slice(0, 2)).toEqual([
      { tenant: place.clinic, actor: "asha", n: 1 },
      { tenant: "", actor: "nobody", n: 1 },
    ])
    expect(found.length).toBeLessThanOrEqual(23)
    expect(Math.max(...found.map(({ actor }) => actor.length))).toBe(200)
  })

  it("is told by the issuer's login only, in a word", async () => {
    await expect(recordFailedLogin(as("issuer"), { actor: "asha", reason: "her password is x" })).rejects.toMatchObject(
      { code: "WK434" },
    )
    await expect(recordFailedLogin(as("app"), { actor: "asha", reason: "password" })).rejects.toMatchObject({
      code: "42501",
    })
  })
})
