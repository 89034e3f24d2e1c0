import { randomBytes } from "node:crypto"
import { roleNames } from "@wardkeep/core"
import { describe, expect, it } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { createIssuer } from "../issue/issuer.js"

const database = useDatabase()
const used = useClient(database)

describe("a job", () => {
  it("goes on when one tenant fails, and names that tenant", async () => {
    const [first, , third] = used.clinic.branches
    const result = await used.wk.job("reminders", { tenants: [first.clinic, third.clinic] }, async ({ tenant }) => {
      expect(used.wk.requireContext()).toMatchObject({ tenant, actor: "service:reminders" })
      if (tenant === first.clinic) throw new Error("no gateway")
    })
    expect(result).toMatchObject({
      done: [third.clinic],
      failed: [{ tenant: first.clinic, error: { message: "no gateway" } }],
    })
  })

  it("resumes where it stopped", async () => {
    const stop = new AbortController()
    const first = await used.wk.job("reminders", { tenants: "all", signal: stop.signal }, async () => stop.abort())
    expect([first.done.length, first.skipped.length]).toEqual([1, 1])
    const seen: string[] = []
    const second = await used.wk.job("reminders", { tenants: "all", resume: first }, async ({ tenant }) => {
      seen.push(tenant)
    })
    expect(seen).toEqual(first.skipped)
    expect(new Set(second.done).size).toBe(2)
  })

  it("counts a tenant as done although its session could not be ended, and acts for the purpose that is named", async () => {
    const [, , third] = used.clinic.branches
    const { createWardkeep } = await import("./index.js")
    const wk = createWardkeep({
      pool: { connectionString: database.appUrl(used.clinic.logins.app), max: 1 },
      policy: used.clinic.policy,
      issuer: { ...used.issuer, endSession: () => Promise.reject(new Error("the issuer is away")) },
    })
    const seen: string[] = []
    const options = { tenants: [third.clinic], purpose: "care", ttl: 60 }
    const result = await wk.job("reminders", options, async () => {
      seen.push(wk.requireContext().purpose)
    })
    expect([result.done, result.failed, seen]).toEqual([[third.clinic], [], ["care"]])
    const wrong = await wk.job("reminders", { ...options, purpose: "curiosity" }, async () => undefined)
    expect(wrong.failed).toMatchObject([{ error: { code: "WK110" } }])
    await wk.close()
    await used.issuer.endActor("service:reminders", "test")
  })

  it("leaves no session behind", async () => {
    await used.wk.job("reminders", { tenants: "all", concurrency: 4 }, async () => undefined)
    expect(await used.issuer.listSessions("service:reminders")).toEqual([])
  })

  it("is refused for a service that the policy does not have, and without an issuer", async () => {
    await expect(used.wk.job("nobody", { tenants: "all" }, async () => undefined)).rejects.toMatchObject({
      code: "WK203",
    })
    const { clinic } = used
    const { createWardkeep } = await import("./index.js")
    const bare = createWardkeep({
      pool: { connectionString: database.appUrl(clinic.logins.app) },
      policy: clinic.policy,
    })
    await expect(bare.job("reminders", { tenants: "all" }, async () => undefined)).rejects.toMatchObject({
      code: "WK009",
    })
    await bare.close()
  })

  it("that is refused half way waits for the tenants under way", async () => {
    const [first, , third] = used.clinic.branches
    const { createWardkeep } = await import("./index.js")
    const wk = createWardkeep({
      pool: { connectionString: database.appUrl(used.clinic.logins.app), max: 2 },
      policy: used.clinic.policy,
      issuer: {
        ...used.issuer,
        issueService: (request) =>
          used.issuer.issueService(request.tenant === third.clinic ? { ...request, service: "removed" } : request),
      },
    })
    let finished = false
    const job = wk.job("reminders", { tenants: [first.clinic, third.clinic], concurrency: 2 }, async () => {
      await wk.query("select pg_sleep(0.4)")
      finished = true
    })
    await expect(job).rejects.toMatchObject({ code: "WK203" })
    expect(finished).toBe(true)
    expect(await used.issuer.listSessions("service:reminders")).toEqual([])
    await wk.close()
  })

  it("from a queue is refused when its actor's session has ended, or was changed on the way", async () => {
    const session = await used.newSession("reception", 0)
    const queued = await used.wk.run(session, { branch: used.clinic.branches[0].branch, requestId: "r-1" }, async () =>
      used.wk.serializeContext(),
    )
    const seen = await used.wk.resumeContext(queued, async () => [
      used.wk.requireContext().actor,
      ...(await used.wk.query("select wardkeep.actor() as a, wardkeep.request_id() as r")).rows,
    ])
    expect(seen).toEqual(["reception-0", { a: "reception-0", r: "r-1" }])
    for (const changed of [
      { role: "doctor" },
      { tenant: used.clinic.branches[2].clinic },
      { sessionId: used.doctor.id },
      { actor: used.doctor.actor },
    ])
      await expect(used.wk.resumeContext({ ...queued, ...changed }, async () => 1)).rejects.toMatchObject({
        code: "WK102",
      })
    await used.issuer.endSession(session.id, "left the clinic")
    await expect(used.wk.resumeContext(queued, async () => 1)).rejects.toMatchObject({ code: "WK102" })
    await expect(used.wk.resumeContext({} as never, async () => 1)).rejects.toMatchObject({ code: "WK112" })
  })
})

describe("the issuer", () => {
  it("lists and ends sessions", async () => {
    await used.newSession("reception", 1)
    await used.newSession("reception", 1)
    const open = await used.issuer.listSessions("reception-1")
    expect(open).toHaveLength(2)
    for (const { createdAt, validUntil } of open)
      for (const time of [createdAt, validUntil]) expect(new Date(time).toISOString()).toBe(time)
    expect(await used.issuer.endActor("reception-1", "test")).toBe(2)
    expect(await used.issuer.listSessions("reception-1")).toEqual([])
    expect(await used.issuer.endSession(open[0]!.id, "again")).toBe(false)
  })

  it("changes its key without a pause: both keys at once, and sessions of the retired one go on", async () => {
    const secret = randomBytes(32)
    const owner = roleNames(used.clinic.policy).owner
    const asOwner = (sql: string) => used.admin(`set role ${owner}; ${sql}`)
    await asOwner(`select wardkeep.add_key('k777', '\\x${secret.toString("hex")}')`)
    const pool = { connectionString: database.url(used.clinic.logins.issuer), max: 1 }
    const next = createIssuer({ pool, keyId: "k777", key: secret })
    const [{ clinic: tenant, branch }] = used.clinic.branches
    const assignments = [{ tenant, branches: [branch], role: "reception" }]
    const request = { actor: "rotated", mfaAt: new Date(), ttl: 60, assignments }
    const [older, newer] = [await next.issueSession(request), await used.issuer.issueSession(request)]
    await asOwner("select wardkeep.retire_key('k777', false)")
    await expect(next.issueSession(request)).rejects.toMatchObject({ code: "WK202" })
    for (const session of [older, newer])
      expect(await used.wk.run(session, () => used.wk.query("select 1 from patient limit 1"))).toBeDefined()
    await next.close()
    await used.issuer.endActor("rotated", "test")
  })

  it("says so when the database cannot be reached, or does not let it in", async () => {
    const url = database.url(used.clinic.logins.issuer)
    const refused = Object.assign(new URL(url), { port: "1" }).href
    const wrong = Object.assign(new URL(url), { password: "wrong" }).href
    const missing = Object.assign(new URL(url), { pathname: "/no_such_database" }).href
    for (const connectionString of [refused, wrong, missing]) {
      const issuer = createIssuer({ pool: { connectionString }, keyId: "k001", key: randomBytes(32) })
      await expect(issuer.listTenants()).rejects.toMatchObject({ code: "WK005" })
      await issuer.close()
    }
  })

  it("refuses what the policy refuses", async () => {
    const [first, , third] = used.clinic.branches
    const ask = async (assignment: object, over: object = {}): Promise<unknown> =>
      await used.issuer.issueSession({
        actor: "asha",
        mfaAt: new Date(),
        ttl: 60,
        assignments: [{ tenant: first.clinic, branches: [first.branch], role: "doctor", ...assignment }],
        ...over,
      })
    for (const wrong of [
      () => ask({ role: "king" }),
      () => ask({ branches: [third.branch] }),
      () => ask({ purposes: ["curiosity"] }),
      () => ask({ role: "locum" }),
      () => ask({}, { mfaAt: new Date(0) }),
      () => ask({}, { ttl: 86_401 }),
      () => ask({}, { actor: "" }),
    ])
      await expect(wrong()).rejects.toMatchObject({ code: "WK202" })
  })
})
