import { generateKeyPairSync } from "node:crypto"
import type { Explanation, Policy } from "@wardkeep/core"
import type { Session } from "@wardkeep/postgres"
import { plan } from "@wardkeep/postgres/migrate"
import { beforeAll, describe, expect, it } from "vitest"
import { insertEvents, type MadeEvent, rowOf } from "#tests/fixture/accesses.ts"
import { assignedPolicy, useAssigned } from "#tests/fixture/assigned.ts"
import { crossingPolicy } from "#tests/fixture/crossing.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "../compile/audit.js"
import { eraseSubject } from "../erase/erase.js"
import { signerFrom } from "../seal/note.js"
import { openSealer } from "../seal/sealer.js"
import { readAccesses } from "./accesses.js"
import { alerts } from "./alerts.js"
import { type Reviewed, reviewAccess } from "./review.js"

const read = { read: true }
const { roles, ...crossings } = crossingPolicy()
const place = "clinic_id uuid not null, branch_id uuid not null, id uuid not null default gen_random_uuid()"
const key = "primary key (clinic_id, branch_id, id)"
const clinic = useAssigned(
  useDatabase(),
  {
    ...crossings,
    tables: {
      ...(assignedPolicy().tables as object),
      roster: { scope: "branch" },
      callback: { scope: "branch", subject: "patient_id" },
    },
    roles: {
      ...(roles as object),
      privacy: { purposes: ["operations"], can: { patient: read, roster: read, callback: read } },
    },
    detection: {
      reviewedBy: ["privacy"],
      zone: "Asia/Kolkata",
      explanations: {
        desk: {
          duty: "roster",
          actor: "staff",
          from: "begins",
          until: "ends",
          roles: ["reception"],
          tables: ["patient"],
        },
        assigned: { assigned: true, roles: ["doctor", "principal"] },
        referral: { referral: "open" },
        callback: { row: "callback", at: "day", before: "P1D" },
      },
    },
  },
  // Rows before the policy: afterwards nothing is written without an author.
  (schema) => {
    const [here] = clinic.places
    return `${schema}
create table roster (${place}, staff text not null, begins date not null, ends date, ${key});
create table callback (${place}, patient_id uuid not null, day date not null, ${key});
insert into roster (clinic_id, branch_id, staff, begins, ends) values
  ('${here.clinic}', '${here.branch}', 'desk-1', '2026-09-10', '2026-09-10'),
  ('${here.clinic}', '${here.branch}', 'desk-3', '2026-09-10', null);
insert into callback (clinic_id, branch_id, patient_id, day) values ('${here.clinic}', '${here.branch}', '${here.patients[0]}', '2026-09-25');`
  },
  [audit],
)

/** Both of the first branch. */
let patient = ""
let stranger = ""
let chief: Session
let reviewer: Session
const events: MadeEvent[] = []
let nextId = 5_000

type Shown = Pick<MadeEvent, "actor" | "role"> & { at: string } & Partial<Omit<MadeEvent, "at">>
const shown = (one: Shown): string => {
  const id = nextId++
  const { clinic: tenant, branch } = clinic.places[0]
  const usual = { id, tenant, branch, purpose: "care", verb: "view", relation: "public.patient", subjects: [stranger] }
  events.push({ ...usual, phase: null, erased: false, ...one, at: new Date(one.at) })
  return `99999-${id}`
}
const as = <T>(session: Session, work: () => Promise<T>): Promise<T> => clinic.wk.run(session, { requestId: "r" }, work)
const asked = () => ({ client: clinic.wk, from: "2026-09-01T00:00Z", to: "2026-09-30T00:00Z", reason: "monthly" })
const review = (session: Session, of: Reviewed, outcome: "legitimate" | "forwarded" = "legitimate") =>
  as(session, () => reviewAccess({ client: clinic.wk, of, outcome, reason: "asked her" }))
const wanted = new Map<string, readonly string[]>()
const expectShown = (explanations: readonly string[], one: Shown): void => void wanted.set(shown(one), explanations)

beforeAll(async () => {
  const [here, there] = clinic.places
  patient = here.patients[0] ?? ""
  stranger = here.patients[1] ?? ""
  for (const [actor, places] of [
    ["meena", [0]],
    ["chief", [0, 1]],
  ] as const)
    for (const where of places) await clinic.grant(actor, "privacy", where)
  reviewer = await clinic.session("meena")
  chief = await clinic.session("chief")
  const tenant = here.clinic
  await clinic.admin(
    `with r as (insert into wardkeep.referral (tenant, from_branch, to_branch, subject, records, basis, referred_by, referred_as, session_id, referred_at, valid_until, ended_at, ended_by, end_reason)
       values ($1, $2, $3, $4, '{public.patient}', 'second_opinion', 'doc-3', 'doctor', gen_random_uuid(), '2026-09-10Z', '2026-09-20Z', '2026-09-15Z', 'doc-3', 'over'))
     insert into wardkeep.assignment (actor, tenant, role, branch, valid_from, valid_until, reason, granted_by, granted_as, granted_at, revoked_at, revoked_by, revoke_reason)
     values ('doc-1', $1, 'doctor', $2, '2026-09-01Z', '2026-09-05Z', 'r', 'boss', 'chief', '2026-09-01Z', null, null, null),
            ('doc-2', $1, 'doctor', $2, '2026-09-01Z', null, 'r', 'boss', 'chief', '2026-09-01Z', '2026-09-03Z', 'boss', 'left'),
            ('own-1', $1, 'principal', $2, '2026-09-01Z', '2026-09-05Z', 'r', 'boss', 'chief', '2026-09-01Z', null, null, null)`,
    [tenant, here.branch, there.branch, patient],
  )
})

/** What was made up since, put into the log in one statement. */
async function inserted(): Promise<void> {
  await clinic.admin(insertEvents, [JSON.stringify(events.splice(0).map(rowOf))])
}

describe("an access is explained", () => {
  const told = async (session: Session) => {
    const rows = await as(session, () => readAccesses(asked()))
    return new Map(rows.map(({ event, explanations }) => [event, explanations]))
  }

  it("by duty, assignment, referral and a day, within their times and branches and nowhere else", async () => {
    const { branch } = clinic.places[1]
    const desk = { actor: "desk-1", role: "reception" }
    // The tenth of September in Kolkata, whole, and not a second more.
    expectShown([], { ...desk, at: "2026-09-09T18:29:59Z" })
    expectShown(["desk"], { ...desk, at: "2026-09-09T18:30:00Z" })
    expectShown(["desk"], { ...desk, at: "2026-09-10T18:29:59Z" })
    expectShown([], { ...desk, at: "2026-09-10T18:30:00Z" })
    expectShown([], { ...desk, at: "2026-09-10T06:00:00Z", relation: "public.visit" })
    expectShown([], { ...desk, at: "2026-09-10T06:00:00Z", branch })
    expectShown([], { ...desk, at: "2026-09-10T06:00:00Z", role: "locum" })
    expectShown([], { ...desk, at: "2026-09-10T06:00:00Z", actor: "desk-2" })
    expectShown(["desk"], { ...desk, at: "2026-09-28T06:00:00Z", actor: "desk-3" })
    const doctor = { actor: "doc-1", role: "doctor" }
    expectShown(["assigned"], { ...doctor, at: "2026-09-04T00:00:00Z" })
    expectShown([], { ...doctor, at: "2026-09-05T00:00:00Z" })
    expectShown([], { ...doctor, at: "2026-09-04T00:00:00Z", branch })
    expectShown(["assigned"], { ...doctor, actor: "doc-2", at: "2026-09-02T23:59:59Z" })
    expectShown([], { ...doctor, actor: "doc-2", at: "2026-09-03T00:00:00Z" })
    // What is held is the combination; the event also names the role of it that allowed the view.
    expectShown(["assigned"], { actor: "own-1", role: "principal/doctor", at: "2026-09-04T00:00:00Z" })
    expectShown([], { actor: "own-1", role: "principal/doctor", at: "2026-09-05T00:00:00Z" })
    const consultant = { actor: "con-1", role: "consultant", subjects: [patient] }
    expectShown(["referral"], { ...consultant, at: "2026-09-12T00:00:00Z" })
    expectShown([], { ...consultant, at: "2026-09-15T00:00:00Z" })
    expectShown([], { ...consultant, at: "2026-09-09T23:59:59Z" })
    expectShown([], { ...consultant, at: "2026-09-12T00:00:00Z", subjects: [stranger] })
    expectShown(["referral"], { ...consultant, actor: "doc-3", role: "doctor", at: "2026-09-12T00:00:00Z" })
    const caller = { actor: "desk-9", role: "reception", subjects: [patient] }
    expectShown([], { ...caller, at: "2026-09-23T18:29:59Z" })
    expectShown(["callback"], { ...caller, at: "2026-09-23T18:30:00Z" })
    expectShown(["callback"], { ...caller, at: "2026-09-25T18:30:00Z" })
    expectShown([], { ...caller, at: "2026-09-25T18:30:01Z" })
    expectShown([], { ...caller, at: "2026-09-24T06:00:00Z", subjects: [stranger] })
    await inserted()
    expect(await told(chief)).toEqual(wanted)
    // The other branch is not told to who does not hold it.
    expect((await told(reviewer)).size).toBe(wanted.size - 2)
  })

  it("by questions that no server compiles: before 18, a plan that is off costs more than compiling seems to", async () => {
    const asked = `select proname from pg_proc where pronamespace in (select oid from pg_namespace where nspname like 'wardkeep%')
      and exists (select from unnest(proconfig) s where s like 'enable\\_%=off')`
    const off = await clinic.admin<{ proname: string }>(asked)
    expect(off.map(({ proname }) => proname)).toEqual(expect.arrayContaining(["accesses", "explained"]))
    expect(await clinic.admin(`${asked} and not 'jit=off' = any (proconfig)`)).toEqual([])
  })

  it("and shown without an assignment in force, it is an alert", async () => {
    const found = await as(reviewer, () => alerts({ ...asked(), policy: clinic.host.policy }))
    expect(found.rows.filter(({ rule }) => rule === "outside_assignment").map(({ actor }) => actor)).toEqual(
      expect.arrayContaining(["doc-1", "doc-2", "doc-3"]),
    )
  })
})

describe("whoever reviews", () => {
  it("does not review themselves, in another session and another role either", async () => {
    const event = shown({ actor: "meena", role: "doctor", at: "2026-09-11T06:00:00Z" })
    await inserted()
    const second = await clinic.session("meena")
    for (const session of [reviewer, second])
      await expect(review(session, { event, subject: stranger })).rejects.toMatchObject({ code: "WK436" })
    await expect(review(second, { rule: "walk", events: [event] })).rejects.toMatchObject({ code: "WK436" })
    await expect(review(chief, { event, subject: stranger })).resolves.toMatch(/^\d+$/)
  })

  it("hides nobody's access behind words, numbers or a forged time", async () => {
    // What the application may record of itself: a statement and persons that look like Wardkeep's own notes.
    const forged = '"restates":"1","at":"1999-01-01"'
    const event = shown({ actor: "sly", role: "reception", at: "2026-09-13T06:00:00Z", subjects: [forged, stranger] })
    await inserted()
    const rows = await as(reviewer, () => readAccesses(asked()))
    expect(rows.filter(({ actor }) => actor === "sly")).toMatchObject([
      { event, access: event.slice(6), subject: forged, at: "2026-09-13T06:00:00.000000Z" },
      { event, access: event.slice(6), subject: stranger },
    ])
  })

  it("of one branch is not told what was said of an alert that reaches into another", async () => {
    const both = [clinic.places[0].branch, clinic.places[1].branch].map((branch, second) =>
      shown({ actor: "roamer", role: "reception", at: `2026-09-14T06:00:0${second}Z`, branch }),
    )
    await inserted()
    await review(chief, { rule: "walk", events: both })
    const said = (session: Session) =>
      as(session, async () => {
        const text = "select wardkeep_audit.access_signals($1, $2, 'why') -> 'said' as said"
        const values = ["2026-09-01T00:00Z", "2026-09-30T00:00Z"]
        const { rows } = await clinic.wk.query<{ said: object }>(text, values, { reads: [] })
        return Object.keys(rows[0]?.said ?? {}).length
      })
    expect([await said(chief), await said(reviewer)]).toEqual([1, 0])
  })

  it("decides a thousand times within an hour and not once more", async () => {
    const event = shown({ actor: "desk-1", role: "reception", at: "2026-09-16T06:00:00Z" })
    await inserted()
    await clinic.admin(
      `insert into wardkeep_audit.access_review (tenant, branch, about, rule, actor, outcome, reason, reviewed_by, reviewed_as, session, reviewed_at)
       select $1, $2, 'a' || i, 'walk', 'desk-1', 'forwarded', 'r', 'meena', 'privacy', gen_random_uuid(), clock_timestamp() - i * interval '3 seconds' from generate_series(1, 999) i`,
      [clinic.places[0].clinic, clinic.places[0].branch],
    )
    await review(reviewer, { event, subject: stranger }, "forwarded")
    await expect(review(reviewer, { event, subject: stranger }, "forwarded")).rejects.toMatchObject({ code: "WK439" })
    await clinic.admin("update wardkeep_audit.access_review set reviewed_at = reviewed_at - interval '30 minutes'")
    await review(reviewer, { event, subject: stranger }, "forwarded")
  })

  it("asks of a month, with a reason, and of 10,000 accesses at once", async () => {
    const [from, to] = ["2026-05-01T00:00:00Z", "2026-06-01T00:00:00Z"]
    const ask = (over: object) => as(reviewer, () => readAccesses({ ...asked(), from, to, ...over }))
    await expect(ask({ reason: "x".repeat(2_000) })).resolves.toEqual([])
    for (const over of [
      { to: "2026-06-01T00:00:01Z" },
      { to: from },
      { from: to, to: from },
      { to: "infinity" },
      { reason: "x".repeat(2_001) },
    ])
      await expect(ask(over), JSON.stringify(over)).rejects.toMatchObject({ code: "WK438" })
    const queue = (n: number) =>
      as(reviewer, () =>
        clinic.wk.query(
          "select wardkeep_audit.queue_accesses(array(select '1-' || i from generate_series(1, $1::int) i), array_fill('x'::text, array[$1::int]))",
          [n],
          { reads: [] },
        ),
      )
    await expect(queue(10_001)).rejects.toMatchObject({ code: "WK438" })
    const walk = (n: number) => ({ rule: "walk", events: Array.from({ length: n }, (_, index) => `1-${index}`) })
    await expect(review(reviewer, walk(10_001))).rejects.toMatchObject({ code: "WK438" })
  })
})

it("a day's many persons are measured by the same days, and stay decided, when a neighbour is erased", async () => {
  const [{ clinic: tenant }] = clinic.places
  const desk = { role: "reception", branch: clinic.places[0].branch }
  // Thirty days are what a measure needs at least; on one of them one person was seen beside the neighbour only.
  for (let day = 1; day <= 15; day++) {
    const at = `2026-06-${String(day + 5).padStart(2, "0")}T06:00:00Z`
    shown({ ...desk, actor: "desk-21", at, subjects: day === 3 ? ["kept", "gone"] : ["kept"] })
    shown({ ...desk, actor: "desk-22", at, subjects: day === 4 ? ["kept", "other"] : ["other"] })
  }
  const at = "2026-07-05T06:00:00Z"
  shown({ ...desk, actor: "crowd", at, subjects: ["kept", "other", "third"] })
  shown({ ...desk, actor: "crowd", at, subjects: ["kept", "gone"] })
  const [now] = await clinic.admin<{ xid: string }>("select pg_current_xact_id()::text as xid")
  await clinic.admin(insertEvents, [JSON.stringify(events.splice(0).map((one) => ({ ...rowOf(one), xid: now?.xid })))])
  const found = () =>
    as(chief, () =>
      alerts({ ...asked(), from: "2026-07-01T00:00Z", to: "2026-07-31T00:00Z", policy: clinic.host.policy }),
    )
  const measure = (sentence = "") => sentence.slice(sentence.indexOf(";"))
  const [before] = (await found()).rows.filter(({ rule }) => rule === "volume")
  expect(before?.sentence).toMatch(/rows of 4 persons .* the 30 days that 2 people .* at most 2\.$/)
  await review(chief, { rule: "volume", events: before?.events ?? [] })
  const { deployment } = clinic.host.policy
  const signer = signerFrom(
    generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  )
  await clinic.host.asOwner(async (client) => {
    await (await openSealer({ client, deployment, signer, heartbeat: 0 })).seal()
    expect(await eraseSubject({ client, tenant, subject: "gone", reason: "request 20" })).toEqual({
      events: 2,
      untold: 0,
    })
  })
  const after = await found()
  const [same] = after.rows.filter(({ rule }) => rule === "volume")
  expect(same?.sentence).toMatch(/rows of 3 persons/)
  expect(measure(same?.sentence)).toBe(measure(before?.sentence))
  expect(same?.events).not.toEqual(before?.events)
  expect(same).toMatchObject({ id: before?.id, review: { outcome: "legitimate", by: "chief" } })
  await expect(review(chief, { rule: "volume", events: same?.events ?? [] })).rejects.toMatchObject({ code: "WK439" })
})

it("explanations that do not fit the database are one error of the plan", async () => {
  const { policy } = clinic.host
  const { detection } = policy
  if (detection === null) throw new Error("the fixture has detection")
  const changed = (name: string, change: Partial<Extract<Explanation, { kind: "row" | "duty" }>>): Policy => {
    const of = detection.explanations.map((one) => (one.name === name ? ({ ...one, ...change } as Explanation) : one))
    return { ...policy, detection: { ...detection, explanations: of } }
  }
  const planned = (change: Policy) => clinic.host.plan(change)
  for (const [wrong, text] of [
    [changed("callback", { at: "dya" }), /public.callback has no column dya/],
    [changed("callback", { actor: "caller" }), /public.callback has no column caller/],
    [changed("desk", { actor: "stuff" }), /public.roster has no column stuff/],
    [changed("desk", { from: "begin" }), /public.roster has no column begin/],
    [changed("desk", { until: "end" }), /public.roster has no column end/],
    [
      { ...policy, detection: { ...detection, numbers: { table: "public.patient", column: "fone" } } },
      /public.patient has no column fone/,
    ],
    [
      changed("callback", { at: "patient_id" }),
      /callback: public.callback.patient_id is uuid; name a timestamp or a date/,
    ],
  ] as const)
    await expect(planned(wrong)).rejects.toMatchObject({ code: "WK002", message: expect.stringMatching(text) })
  // Accesses to it are recorded under the whole.
  const part = "public.callback_2021"
  const rule = { scope: "branch", subject: "patient_id" } as const
  const tables = new Map([...policy.tables, ["public.call", rule] as const, [part, rule] as const])
  await clinic.host.asOwner(async (owner) => {
    await owner.query("begin")
    try {
      await owner.query(`create table public.call (${place}, patient_id uuid not null, day date not null) partition by range (day);
        create table ${part} partition of public.call for values from ('2021-01-01') to ('2022-01-01')`)
      const planning = plan({
        client: owner,
        policy: { ...changed("callback", { table: part }), tables },
        extensions: [audit],
      })
      await expect(planning).rejects.toMatchObject({
        code: "WK002",
        message: "detection, callback: public.callback_2021 is a partition of a listed table; name the whole",
      })
    } finally {
      await owner.query("rollback")
    }
  })
})
