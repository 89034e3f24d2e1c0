import { generateKeyPairSync, randomBytes } from "node:crypto"
import type { Session } from "@wardkeep/postgres"
import { beforeAll, describe, expect, it } from "vitest"
import {
  type Emergency,
  expectedAccesses,
  insertEvents,
  type MadeEvent,
  type MadeVisit,
  madeEvent,
  rowOf,
} from "#tests/fixture/accesses.ts"
import { useClient } from "#tests/fixture/client.ts"
import { policyWithDetection } from "#tests/fixture/policy.ts"
import { generator, pick } from "#tests/fuzz/random.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "../compile/audit.js"
import { signerFrom } from "../seal/note.js"
import { openSealer } from "../seal/sealer.js"
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
    const { clinic: tenant, branch } = used.clinic.branches[0]
    const assignments = [{ tenant, branches: [branch], role: "doctor", purposes: ["care"] }]
    const curious = await used.issuer.issueSession({ actor: "curious", mfaAt: new Date(), ttl: "PT1H", assignments })
    const made = await as(used.doctor, () =>
      used.wk.query<{ id: string }>("insert into patient (full_name) values ('Later') returning id"),
    )
    const id = made.rows[0]?.id ?? ""
    await shown(curious, id)
    expect(find((await queueOf(reviewer)).rows, "curious")).toMatchObject([{ subject: id, status: "open" }])
    await as(used.doctor, () => used.wk.query("insert into visit (patient_id, reason) values ($1, 'walk-in')", [id]))
    expect(find((await queueOf(reviewer)).rows, "curious")).toMatchObject([
      { status: "explained_later", explanations: ["visit"] },
    ])
  })

  it("never counts a view of nobody in particular as explained", async () => {
    await as(colleague, () => used.wk.query("select exists (select from visit)"))
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

describe("an erasure", () => {
  it("takes a person out of the queue and out of what reviews said", async () => {
    const { clinic: tenant, branch } = used.clinic.branches[0]
    await used.admin(
      `with q as (insert into wardkeep_audit.access_queue (tenant, branch, access, subject, queued_by) values ($1, $2, 1, 'gone', 'p') returning access, subject)
       insert into wardkeep_audit.access_review (tenant, branch, about, rule, access, subject, actor, outcome, reason, reviewed_by, reviewed_as, session)
       select $1, $2, 'x', 'unexplained', access, subject, 'a', 'legitimate', 'r', 'p', 'privacy', gen_random_uuid() from q`,
      [tenant, branch],
    )
    const left = () =>
      used.admin<{ n: number }>(
        "select (select count(*) from wardkeep_audit.access_queue where subject = 'gone')::int + (select count(*) from wardkeep_audit.access_review where subject = 'gone')::int as n",
      )
    expect(await left()).toEqual([{ n: 2 }])
    await used.owner((client) =>
      client.query("select wardkeep_audit.erase_subject($1, 'gone', 'request 18')", [tenant]),
    )
    expect(await left()).toEqual([{ n: 0 }])
  })

  it("of two others beside a person leaves the access its number and time, and what was decided of it", async () => {
    const ids = await addPatients(0, 3)
    await as(colleague, () => used.wk.query("select id, created_at from patient where id = any($1)", [ids]))
    const [kept = "", ...others] = ids
    const waiting = async () =>
      find((await queueOf(reviewer)).rows, "reception-0").filter(({ subject }) => subject === kept)
    const decide = (event = "") => {
      const of = { event, subject: kept }
      return as(reviewer, () => reviewAccess({ client: used.wk, of, outcome: "not_legitimate", reason: "r" }))
    }
    const [before] = await waiting()
    await decide(before?.event)
    const { deployment } = used.clinic.policy
    const signer = signerFrom(
      generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    )
    await used.owner(async (client) => {
      const sealer = await openSealer({ client, deployment, signer, heartbeat: 0 })
      for (const subject of others) {
        await sealer.seal()
        await client.query("select wardkeep_audit.erase_subject($1, $2, 'request 19')", [
          used.clinic.branches[0].clinic,
          subject,
        ])
      }
    })
    const after = await waiting()
    const { access, at } = before ?? {}
    expect(after).toMatchObject([{ access, at, actor: "reception-0", status: "not_legitimate", persons: 1 }])
    expect(after[0]?.event).not.toBe(before?.event)
    await expect(decide(after[0]?.event)).rejects.toMatchObject({ code: "WK439" })
  })
})

/** Writes visits as a doctor of the branch, because nothing is written without an author. */
async function addVisits(branch: number, visits: readonly { subject: string; at: Date }[]): Promise<void> {
  const doctor = await used.newSession("doctor", branch, ["care"])
  const text =
    "insert into visit (patient_id, at, reason) select p, t, 'r' from unnest($1::uuid[], $2::timestamptz[]) v(p, t)"
  await as(doctor, () => used.wk.query(text, [visits.map(({ subject }) => subject), visits.map(({ at }) => at)]))
}

async function addPatients(branch: number, n: number): Promise<string[]> {
  const doctor = await used.newSession("doctor", branch, ["care"])
  const text =
    "insert into patient (full_name, phone) select 'P', i::text from generate_series(1, $1::int) i returning id"
  return (await as(doctor, () => used.wk.query<{ id: string }>(text, [n]))).rows.map(({ id }) => id)
}

const addEvents = (events: readonly MadeEvent[]) => used.admin(insertEvents, [JSON.stringify(events.map(rowOf))])

describe("random histories", () => {
  const seed = Number(process.env.WARDKEEP_FUZZ_SEED ?? Date.now() % 2 ** 31)
  const random = generator(seed)
  const from = new Date("2026-09-01T00:00:00Z")
  const window = [from, new Date("2026-09-06T00:00:00Z")] as const
  const events: MadeEvent[] = []
  const visits: MadeVisit[] = []
  const emergencies: Emergency[] = []
  // One in each ninth of 160 days around the window, so that whether any is near does not depend on the seed.
  const moment = (ninth: number) =>
    new Date(from.getTime() + Math.floor((((ninth + random()) * 160) / 9 - 80) * 86_400) * 1000)

  beforeAll(async () => {
    process.stdout.write(`detection: seed ${seed}\n`)
    const [a, b, c] = used.clinic.branches
    const people = [await addPatients(0, 12), await addPatients(1, 12)] as const
    for (const [index, patients] of people.entries()) {
      const own = patients
        .slice(0, 9)
        .map((subject, ninth) => ({ subject, at: moment(ninth), branch: [a, b][index]?.branch ?? "" }))
      visits.push(...own)
      await addVisits(index, own)
    }
    const tenant = a.clinic
    const places = [
      ...[0, 1, 2].map(() => ({ tenant, branch: a.branch, patients: people[0] })),
      { tenant, branch: b.branch, patients: people[1] },
      { tenant, branch: null, patients: [...people[0], ...people[1]] },
      { tenant: c.clinic, branch: c.branch, patients: people[0] },
    ]
    for (let id = 0; id < 600; id++) events.push(madeEvent(random, 5_000_000 + id, { from, places }))
    for (const one of events.filter(({ role, erased }) => role === "emergency" && !erased).slice(0, 20)) {
      const [subject] = one.subjects
      if (subject === undefined || one.branch === null) continue
      const begun = new Date(one.at.getTime() - Math.floor(random() * 7200) * 1000)
      const until = new Date(begun.getTime() + 3_600_000)
      const verdict = pick(random, ["justified", "justified", "not_justified", null])
      emergencies.push({ branch: one.branch, subject, actor: one.actor, from: begun, until, verdict })
    }
    await used.admin(
      `insert into wardkeep.break_glass (tenant, branch, subject, reason, explanation, declared_by, declared_as, session_id, declared_at, valid_until, closed_at, reviewed_at, reviewed_by, verdict, review_note)
       select $1, branch, subject, 'unconscious', 'x', actor, 'doctor', gen_random_uuid(), e."from", e.until, e."from", case when verdict is not null then e.until end, case when verdict is not null then 'boss' end, verdict, case when verdict is not null then 'n' end
         from jsonb_to_recordset($2) e (branch text, subject text, actor text, "from" timestamptz, until timestamptz, verdict text)`,
      [tenant, JSON.stringify(emergencies)],
    )
    await addEvents(events)
  })

  it("are told as a second reading of the rules tells them, to a reviewer of one branch and of all", async () => {
    const [a, b] = used.clinic.branches
    const assignments = [{ tenant: a.clinic, branches: [a.branch, b.branch], role: "privacy" }]
    const chief = await used.issuer.issueSession({ actor: "chief", mfaAt: new Date(), ttl: "PT1H", assignments })
    for (const [session, branches] of [
      [reviewer, [a.branch]],
      [chief, [a.branch, b.branch]],
    ] as const) {
      const isWhole = branches.length === 2
      const asked = { ...now(), from: window[0].toISOString(), to: window[1].toISOString() }
      const told = await as(session, () => readAccesses(asked))
      const got = told
        .map((one) => ({ key: `${one.access} ${one.subject}`, class: one.class, explanations: one.explanations }))
        .sort((x, y) => (x.key < y.key ? -1 : 1))
      const wanted = expectedAccesses(events, { tenant: a.clinic, branches, isWhole, window, visits, emergencies })
      expect(got, `seed ${seed}`).toEqual(wanted)
      expect(new Set(wanted.flatMap(({ explanations }) => explanations)).size, `seed ${seed}`).toBeGreaterThan(1)
      const again = await as(session, () => alerts({ ...asked, policy: used.clinic.policy }))
      expect(await as(session, () => alerts({ ...asked, policy: used.clinic.policy }))).toEqual(again)
    }
  })
})

describe("a clinic of 2,000 accesses", () => {
  it("has all of 20 planted curious ones in its queue", async () => {
    const { clinic: tenant, branch } = used.clinic.branches[0]
    const patients = await addPatients(0, 400)
    const from = Date.parse("2026-08-03T03:00:00Z")
    const day = (n: number) => new Date(from + n * 86_400_000)
    // 370 come once within five days; of the others nothing is known but that they are registered.
    const coming = patients.slice(0, 370).map((subject, index) => ({ subject, at: day(index % 5) }))
    await addVisits(0, coming)
    const seed = Date.now() % 2 ** 31
    const random = generator(seed)
    const access = (id: number, subject: string, at: Date, actor: string): MadeEvent => ({
      ...{
        id,
        at,
        tenant,
        branch,
        actor,
        role: "reception",
        purpose: "care",
        verb: "view",
        relation: "public.patient",
      },
      ...{ subjects: [subject], phase: null, erased: false },
    })
    const routine = Array.from({ length: 1960 }, (_, index) => {
      const { subject, at } = pick(random, coming)
      return access(6_000_000 + index, subject, new Date(at.getTime() + random() * 36_000_000), `desk-${index % 6}`)
    })
    // Telephone calls of people who have no appointment yet: nothing explains them, and nothing is wrong with them.
    const calls = patients
      .slice(370, 390)
      .map((subject, index) => access(6_100_000 + index, subject, day(index % 5), `desk-${index % 6}`))
    const curious = Array.from({ length: 20 }, (_, index) =>
      access(
        6_200_000 + index,
        pick(random, patients.slice(380)),
        new Date(from + random() * 5 * 86_400_000),
        `desk-${index % 6}`,
      ),
    )
    await addEvents([...routine, ...calls, ...curious])
    const asked = { ...now(), from: day(-1).toISOString(), to: day(7).toISOString() }
    const { rows, counts } = await as(reviewer, () => unexplained(asked))
    const queued = new Set(rows.map(({ access }) => access))
    const found = curious.filter(({ id }) => queued.has(String(id))).length
    process.stdout.write(
      `detection: seed ${seed}: ${counts.explained} of ${counts.named} accesses explained (${((100 * counts.explained) / counts.named).toFixed(1)} %); ${found} of 20 planted found among ${rows.length} in the queue\n`,
    )
    expect(found).toBe(20)
    expect(rows).toHaveLength(calls.length + curious.length)
    expect(counts).toMatchObject({ named: 2000, explained: 1960, unexplained: 40, by: { visit: 1960 } })
  })
})

describe("an alert", () => {
  it("names its rule, its events and an innocent reason, and is reviewed by somebody else", async () => {
    const { clinic: tenant, branch } = used.clinic.branches[0]
    const patients = await addPatients(0, 6)
    const at = (seconds: number) => new Date(Date.parse("2026-07-06T05:00:00Z") + seconds * 1000)
    const base = { tenant, branch, role: "reception", purpose: "care", relation: "public.patient", erased: false }
    // Telephone numbers 1 to 6, one after the other.
    const walk = patients.map((subject, index) => ({
      ...{
        ...base,
        id: 7_000_000 + index,
        at: at(index * 30),
        actor: "walker",
        verb: "view",
        subjects: [subject],
        phase: null,
      },
    }))
    const night = {
      ...base,
      id: 7_000_100,
      at: at(-46_000),
      actor: "owl",
      verb: "view",
      subjects: patients.slice(0, 1),
      phase: null,
    }
    const denied = [0, 1, 2].map((index) => ({
      ...{
        ...base,
        id: 7_000_200 + index,
        at: at(index),
        actor: "turned-away",
        verb: "deny",
        subjects: [],
        phase: null,
      },
    }))
    await addEvents([...walk, night, ...denied])
    await used.admin(
      `insert into wardkeep.break_glass (tenant, branch, subject, reason, explanation, declared_by, declared_as, session_id, declared_at, valid_until)
       values ($1, $2, $3, 'unconscious', 'x', 'hasty', 'doctor', gen_random_uuid(), $4, $4::timestamptz + interval '1 hour')`,
      [tenant, branch, patients[0], at(0)],
    )
    const asked = {
      ...now(),
      policy: used.clinic.policy,
      from: at(-86_400).toISOString(),
      to: at(86_400).toISOString(),
    }
    const found = await as(reviewer, () => alerts(asked))
    expect(found.rows.map(({ rule, actor }) => `${rule} ${actor}`)).toEqual([
      "outside_hours owl",
      "emergency_without_review hasty",
      "refusals turned-away",
      "walk walker",
    ])
    expect(found.tooLittle).toEqual([{ role: "reception", days: 0, people: 0, bound: null }])
    const walked = found.rows.at(-1)
    expect(walked).toMatchObject({
      sentence: expect.stringMatching(/^walker as reception opened 6 persons one by one in ascending order/),
    })
    expect(walked?.events).toEqual(walk.map(({ id }) => `99999-${id}`))
    expect(walked?.coverage.join(" ")).toMatch(/were dropped, or never recorded/)
    expect(found.rows.every(({ innocent }) => innocent.length > 20)).toBe(true)
    const of = { rule: "walk", events: walked?.events ?? [] }
    await as(reviewer, () => reviewAccess({ client: used.wk, of, outcome: "legitimate", reason: "tidied up numbers" }))
    const again = await as(reviewer, () => alerts(asked))
    expect(again.rows.at(-1)?.review).toMatchObject({ outcome: "legitimate", by: "privacy-0" })
    await expect(
      as(neighbour, () => reviewAccess({ client: used.wk, of, outcome: "legitimate", reason: "mine" })),
    ).rejects.toMatchObject({ code: "WK437" })
    expect((await as(neighbour, () => alerts(asked))).rows).toEqual([])
  })
})
