import { randomBytes, randomInt } from "node:crypto"
import type { Session } from "@wardkeep/postgres"
import { asOwner, type Queryable } from "@wardkeep/postgres/migrate"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { policyWithDetection } from "#tests/fixture/policy.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "../compile/audit.js"
import { recordViews } from "../views/recorder.js"
import { readAccesses } from "./accesses.js"
import { alerts } from "./alerts.js"
import { type QueuedAccess, unexplained } from "./queue.js"
import { reviewAccess } from "./review.js"

const database = useDatabase()
const used = useClient(database, {
  policy: policyWithDetection(`d${randomBytes(4).toString("hex")}`),
  extensions: [audit],
  views: recordViews,
})
let reviewer: Session
let neighbour: Session
let colleague: Session
let known = ""
let unknown = ""
const now = () => ({
  client: used.wk,
  from: new Date(Date.now() - 3_600_000).toISOString(),
  to: new Date(Date.now() + 60_000).toISOString(),
  reason: "weekly review",
})
const as = <T>(session: Session, work: () => Promise<T>): Promise<T> => used.wk.run(session, { requestId: "r-9" }, work)
const queueOf = (session: Session) => as(session, () => unexplained(now()))
const shown = (session: Session, id: string) =>
  as(session, () => used.wk.query("select id, created_at from patient where id = $1", [id]))

beforeAll(async () => {
  reviewer = await used.newSession("privacy", 0)
  neighbour = await used.newSession("privacy", 1)
  colleague = await used.newSession("reception", 0)
  await as(used.doctor, async () => {
    const made = await used.wk.query<{ id: string }>(
      "insert into patient (full_name, phone) values ('Unseen', '7') returning id",
    )
    unknown = made.rows[0]?.id ?? ""
  })
  const seen = await used.admin<{ id: string }>(
    "select patient_id as id from visit where branch_id = $1 order by 1 limit 1",
    [used.clinic.branches[0].branch],
  )
  known = seen[0]?.id ?? ""
  await shown(colleague, known)
  await shown(colleague, unknown)
  await shown(reviewer, unknown)
})

const find = (rows: readonly QueuedAccess[], actor: string) => rows.filter((row) => row.actor === actor)

describe("the queue", () => {
  it("holds who looked at a person whom nothing connects them with, and not who had a reason", async () => {
    const { rows, counts, coverage } = await queueOf(reviewer)
    expect(find(rows, "reception-0")).toMatchObject([
      {
        subject: unknown,
        status: "open",
        explanations: [],
        verb: "view",
        relation: "public.patient",
        class: "named",
        number: "7",
      },
    ])
    const all = await as(reviewer, () => readAccesses(now()))
    expect(all.filter(({ subject, actor }) => subject === known && actor === "reception-0")).toMatchObject([
      { explanations: ["visit"] },
    ])
    expect(counts.named).toBe(counts.explained + counts.unexplained)
    expect(coverage.gaps.join(" ")).toMatch(/Events before \d{4}-\d{2}-01T00:00:00Z were dropped.* Other branches/)
  })

  it("is read in the log, and shows no other branch", async () => {
    expect(find((await queueOf(neighbour)).rows, "reception-0")).toEqual([])
    const [reading] = await used.admin<{ actor: string; why: string }>(
      "select actor, detail::json ->> 'reason' as why from wardkeep_audit.event where actor = 'privacy-1' and relation = 'wardkeep_audit.event'",
    )
    expect(reading).toEqual({ actor: "privacy-1", why: "weekly review" })
  })

  it("says of an access that a visit explained afterwards that it was explained later", async () => {
    const curious = await used.newSession("locum", 0, ["care"])
    const made = await as(used.doctor, () =>
      used.wk.query<{ id: string }>("insert into patient (full_name) values ('Later') returning id"),
    )
    const id = made.rows[0]?.id ?? ""
    await shown(curious, id)
    expect(find((await queueOf(reviewer)).rows, "locum-0")).toMatchObject([{ subject: id, status: "open" }])
    await as(used.doctor, () => used.wk.query("insert into visit (patient_id, reason) values ($1, 'walk-in')", [id]))
    expect(find((await queueOf(reviewer)).rows, "locum-0")).toMatchObject([
      { status: "explained_later", explanations: ["visit"] },
    ])
  })

  it("never counts a view of nobody in particular as explained", async () => {
    await as(colleague, () => used.wk.query("select count(*) from visit"))
    const all = await as(reviewer, () => readAccesses(now()))
    const [counted] = all.filter((one) => one.actor === "reception-0" && one.relation === "public.visit")
    expect(counted).toMatchObject({ class: "undetermined", subject: null, explanations: [] })
    expect((await queueOf(reviewer)).coverage.gaps.join(" ")).toMatch(/events name nobody/)
  })
})

describe("a review", () => {
  const refused = async (session: Session, of: { event: string; subject: string }, code: string) => {
    await expect(
      as(session, () => reviewAccess({ client: used.wk, of, outcome: "legitimate", reason: "r" })),
    ).rejects.toMatchObject({ code })
  }

  it("is refused for one's own access, another branch's, another person's, and to whoever reviews nothing", async () => {
    const { rows } = await queueOf(reviewer)
    const [own] = find(rows, "privacy-0")
    const [theirs] = find(rows, "reception-0")
    if (own?.subject == null || theirs?.subject == null) throw new Error("both wait")
    await refused(reviewer, { event: own.event, subject: own.subject }, "WK436")
    await refused(neighbour, { event: theirs.event, subject: theirs.subject }, "WK437")
    await refused(reviewer, { event: theirs.event, subject: known }, "WK437")
    await refused(reviewer, { event: "1-1", subject: known }, "WK437")
    await refused(reviewer, { event: "x'; drop", subject: known }, "WK437")
    await refused(colleague, { event: theirs.event, subject: theirs.subject }, "WK435")
    await expect(as(colleague, () => readAccesses(now()))).rejects.toMatchObject({ code: "WK435" })
    await expect(
      as(reviewer, () =>
        reviewAccess({
          client: used.wk,
          of: { event: theirs.event, subject: unknown },
          outcome: "legitimate",
          reason: " ",
        }),
      ),
    ).rejects.toMatchObject({ code: "WK438" })
    await expect(as(reviewer, () => readAccesses({ ...now(), reason: "" }))).rejects.toMatchObject({ code: "WK438" })
    await expect(as(reviewer, () => readAccesses({ ...now(), from: "1999-01-01" }))).rejects.toMatchObject({
      code: "WK438",
    })
    await expect(as(reviewer, () => readAccesses({ ...now(), from: "then" }))).rejects.toMatchObject({ code: "WK438" })
  })

  it("cannot be changed, hidden or flooded by the application's login", async () => {
    const { rows } = await queueOf(reviewer)
    const [theirs] = find(rows, "reception-0")
    const attack = (session: Session, text: string, values: unknown[] = []) =>
      as(session, async () => (await used.wk.query<Record<string, unknown>>(text, values, { reads: [] })).rows)
    for (const text of [
      "update wardkeep_audit.access_review set outcome = 'legitimate'",
      "delete from wardkeep_audit.access_queue",
      "select * from wardkeep_audit.access_queue",
      "insert into wardkeep_audit.access_review (tenant) values ('x')",
      "select * from wardkeep_audit.referred_events(null, '{}')",
      "select wardkeep_audit.access_baseline(null, current_date, 'UTC')",
    ])
      await expect(attack(reviewer, text)).rejects.toMatchObject({ code: "42501" })
    const queue = "select wardkeep_audit.queue_accesses($1::text[], $2::text[]) as n"
    // Not there, another person's, another branch's: nothing is put down.
    expect(
      await attack(reviewer, queue, [
        ["9-9", theirs?.event],
        [known, known],
      ]),
    ).toEqual([{ n: 0 }])
    expect(await attack(neighbour, queue, [[theirs?.event], [unknown]])).toEqual([{ n: 0 }])
    expect(
      await attack(reviewer, queue, [
        [theirs?.event, theirs?.event],
        [unknown, unknown],
      ]),
    ).toEqual([{ n: 0 }])
    await expect(attack(reviewer, queue, [["1-1"], []])).rejects.toMatchObject({ code: "WK438" })
    await expect(attack(colleague, queue, [["1-1"], ["x"]])).rejects.toMatchObject({ code: "42501" })
  })

  it("is decided once, open still after it was forwarded, and an event with its reason", async () => {
    const [theirs] = find((await queueOf(reviewer)).rows, "reception-0")
    const of = { event: theirs?.event ?? "", subject: unknown }
    const decide = (outcome: "forwarded" | "not_legitimate", reason: string) =>
      as(reviewer, () => reviewAccess({ client: used.wk, of, outcome, reason }))
    await decide("forwarded", "asked her superior")
    expect(find((await queueOf(reviewer)).rows, "reception-0")).toMatchObject([{ status: "forwarded" }])
    const both = await Promise.allSettled([
      decide("not_legitimate", "a neighbour of hers"),
      decide("not_legitimate", "again"),
    ])
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"])
    await expect(decide("forwarded", "once more")).rejects.toMatchObject({ code: "WK439" })
    expect(find((await queueOf(reviewer)).rows, "reception-0")).toMatchObject([
      { status: "not_legitimate", review: { outcome: "not_legitimate", by: "privacy-0" } },
    ])
    const events = await used.admin<object>(
      "select actor, subject, detail::json ->> 'of' as of, detail::json ->> 'outcome' as outcome from wardkeep_audit.event where relation = 'wardkeep_audit.access_review' order by id",
    )
    expect(events).toEqual(
      ["forwarded", "not_legitimate"].map((outcome) => ({
        actor: "privacy-0",
        subject: unknown,
        of: "reception-0",
        outcome,
      })),
    )
  })
})
