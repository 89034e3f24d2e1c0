import { decideRequest, destroyPerson, identifyRequest, openRequest } from "@wardkeep/consent"
import type { Session } from "@wardkeep/postgres"
import { backfill, type Queryable } from "@wardkeep/postgres/migrate"
import { beforeAll, expect, it } from "vitest"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { useConsenting } from "#tests/fixture/consenting.ts"
import { inContext, issueBySql } from "#tests/fixture/token.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase()
const used = useConsenting(database, "bigint")
let desk: Session
let head: Session

beforeAll(async () => {
  desk = await used.clinic.session("desk", "care")
  head = await used.clinic.session("head", "care")
})

const as = <T>(session: Session, work: () => Promise<T>): Promise<T> => used.clinic.wk.run(session, work)
const seen = (subject: string, session = desk) =>
  as(session, async () => (await used.clinic.wk.query("select from patient where id = $1", [subject])).rowCount)
const answer = { outcome: "fulfilled", words: "Done.", contact: "x@x.example", keep: [] } as const

async function asked(subject: string): Promise<string> {
  const { wk } = used.clinic
  const dueAt = new Date(Date.now() + 86_400_000)
  const request = await as(desk, () => openRequest(wk, { subject, asked: "erasure", channel: "desk", dueAt }))
  await as(desk, () => identifyRequest(wk, { request, how: "card", evidence: "x" }))
  return request
}
const decided = (request: string) => as(head, () => decideRequest(used.clinic.wk, { request, ...answer }))
const destroy = (request: string) =>
  connected(withLogin(database.adminUrl, used.clinic.logins.migrator), (client) =>
    destroyPerson({ client, policy: used.clinic.policy, tenant: used.clinic.branches[0].clinic, request }),
  )
/** As the owner in a context for the clinic, which no policy of a role narrows. */
const owner = (work: (q: Queryable) => Promise<unknown>) =>
  connected(withLogin(database.adminUrl, used.clinic.logins.migrator), (client) => {
    const { policy, branches } = used.clinic
    return backfill({ client, policy, reason: "test", tenants: [branches[0].clinic] }, async (q) => {
      await work(q)
      return { rowCount: 0 }
    })
  })
const removed = (subject: string) => (q: Queryable) => q.query("delete from patient where id = $1", [subject])
const put =
  (subject: string, number = 0) =>
  (q: Queryable) => {
    const { clinic, branch } = used.clinic.branches[number as 0]
    return q.query(
      "insert into patient (clinic_id, branch_id, id, full_name, born_on) values ($1, $2, $3, 'Successor', '1990-01-01')",
      [clinic, branch, subject],
    )
  }

it("whoever gets the key of a restricted person is shown, and not destroyed by the request of the other", async () => {
  const subject = await used.clinic.person("1985-03-01")
  const request = await asked(subject)
  await decided(request)
  await owner(removed(subject))
  // Not by the application, which cannot know who that is.
  const again = "insert into patient (id, full_name) overriding system value values ($1, 'Again')"
  await expect(as(desk, () => used.clinic.wk.query(again, [subject]))).rejects.toThrow(/row-level security/)
  await owner(put(subject))
  expect(await seen(subject)).toBe(1)
  await expect(destroy(request)).rejects.toMatchObject({
    code: "WK560",
    message: expect.stringContaining("somebody else"),
  })
  expect(await seen(subject)).toBe(1)
})

it("a request is about nobody else with the same key, in this branch or in the next one", async () => {
  const subject = await used.clinic.person("1985-03-01")
  const request = await asked(subject)
  await owner(removed(subject))
  await owner(put(subject, 1))
  const { clinic: tenant } = used.clinic.branches[0]
  const both = await used.clinic.issuer.issueSession({
    actor: "head",
    ttl: "PT1H",
    assignments: [
      {
        tenant,
        branches: used.clinic.branches.slice(0, 2).map(({ branch }) => branch),
        role: "head",
        purposes: ["care"],
      },
    ],
  })
  const decide = () => as(both, () => decideRequest(used.clinic.wk, { request, ...answer }))
  await expect(decide()).rejects.toMatchObject({ code: "WK560" })
  await owner(removed(subject))
  await owner(put(subject))
  await expect(decide()).rejects.toMatchObject({ code: "WK560" })
  expect(await seen(subject)).toBe(1)
})

it("a request waits for whoever gives the key to somebody else, and is not decided about that person", async () => {
  const subject = await used.clinic.person("1985-03-01")
  const request = await asked(subject)
  let decision: Promise<unknown> = Promise.resolve()
  await owner(async (q) => {
    await removed(subject)(q)
    await put(subject)(q)
    decision = expect(decided(request)).rejects.toMatchObject({ code: "WK560" })
    const waiting = "select from pg_stat_activity where wait_event_type = 'Lock' and query like '%decide_request%'"
    await expect.poll(async () => (await used.clinic.admin(waiting)).length, { timeout: 5000 }).toBe(1)
  })
  await decision
  expect(await seen(subject)).toBe(1)
})

it("what a role may ask about the restricted tells no key, and nothing of another clinic", async () => {
  const subject = await used.clinic.person("1985-03-01")
  const [{ clinic: tenant, branch }, , elsewhere] = used.clinic.branches
  await as(desk, () => used.clinic.wk.query("insert into visit (patient_id, reason) values ($1, 'x')", [subject]))
  await decided(await asked(subject))
  const parents = async (place: { clinic: string; branch: string }) => {
    const grant = { role: "desk", tenant: place.clinic, branches: [place.branch], purposes: ["care"] }
    const [context] = await issueBySql(database.ownerUrl, used.clinic, [grant])
    if (context === undefined) throw new Error("no session was issued")
    return await used.clinic.asApp((client) =>
      inContext(client, context, async () => {
        const { rows } = await client.query<{ hash: Buffer }>(
          "select wardkeep_consent.restricted_parents('public.note') as hash",
        )
        return rows.map(({ hash }) => hash.length)
      }),
    )
  }
  expect(await parents({ clinic: tenant, branch })).toContain(32)
  expect(await parents(elsewhere)).toEqual([])
})
