import { generateKeyPairSync, randomBytes } from "node:crypto"
import { asOwner } from "@wardkeep/postgres/migrate"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { withLogin } from "#tests/fixture/clinic.ts"
import { policyWithDetectionAndHandling } from "#tests/fixture/policy.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "../compile/audit.js"
import { recordRefusals } from "../denied/refusals.js"
import { eraseSubject } from "../erase/erase.js"
import { openShare, revokeShare, share } from "../handling/share.js"
import { download } from "../handling/transfer.js"
import { signerFrom } from "../seal/note.js"
import { openSealer } from "../seal/sealer.js"
import { recordViews } from "../views/recorder.js"
import { accessReport } from "./access-report.js"
import { blastRadius } from "./blast-radius.js"
import { fhirAuditEvents } from "./fhir.js"
import { deniedAttempts, handedOut, recordDiff } from "./handed.js"
import { timeline } from "./read.js"

const database = useDatabase()
const used = useClient(database, {
  policy: policyWithDetectionAndHandling(`x${randomBytes(4).toString("hex")}`),
  extensions: [audit],
  views: recordViews,
  refusals: recordRefusals,
})
let owner: pg.Client
let persons: string[] = []
const asked = () => ({ client: owner, tenant: used.clinic.branches[0].clinic, reason: "complaint 4" })
const asOwnerRole = <T>(work: () => Promise<T>): Promise<T> => asOwner(owner, used.clinic.policy, work)
const asDoctor = <T>(work: () => Promise<T>): Promise<T> => used.wk.run(used.doctor, work)
const until = (): Date => new Date(Date.now() + 3_600_000)

async function* bytes(...text: string[]): AsyncGenerator<string> {
  yield* text
}

/** A moment that lies behind everything before it and ahead of everything after. */
async function moment(): Promise<string> {
  const [row] = await used.admin<{ now: string }>("select clock_timestamp()::text as now")
  return row?.now ?? ""
}

const pair = generateKeyPairSync("ed25519")
async function seal(): Promise<void> {
  await asOwnerRole(async () => {
    const signer = signerFrom(pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString())
    const sealer = await openSealer({ client: owner, deployment: used.clinic.policy.deployment, signer, heartbeat: 0 })
    await sealer.seal()
    await sealer.close()
  })
}

async function asDesk<T>(work: () => Promise<T>): Promise<T> {
  const place = used.clinic.branches[0]
  const desk = await used.issuer.issueSession({
    actor: "desk-service",
    mfaAt: new Date(),
    ttl: "PT1H",
    assignments: [{ tenant: place.clinic, branches: [place.branch], role: "doctor", purposes: ["care"] }],
  })
  return await used.wk.run(desk, work)
}

beforeAll(async () => {
  owner = new pg.Client({ connectionString: withLogin(database.ownerUrl, used.clinic.logins.migrator) })
  await owner.connect()
  const rows = await used.admin<{ id: string }>("select id from patient where branch_id = $1 order by id", [
    used.clinic.branches[0].branch,
  ])
  persons = rows.map(({ id }) => id)
})
afterAll(() => owner.end())

describe("what left, from a moment on", () => {
  it("is a share by who shared, also where the moment lies between sharing and opening", async () => {
    const [patient = ""] = persons
    const shared = (recipient: string) =>
      asDoctor(() =>
        share(used.wk, { relation: "public.patient", record: patient, recipient, until: until(), opens: 3 }),
      )
    const made = await shared("Dr Border")
    const quiet = await shared("Dr Quiet")
    await asDesk(() => openShare(used.wk, made))
    const from = await moment()
    await asDesk(() => openShare(used.wk, made))
    const asks = (more: object) => asOwnerRole(() => handedOut({ ...asked(), from, ...more }))
    const border = { recipient: "Dr Border", actor: "doctor-0", outcome: "shared", opened: 1, id: made.id }
    for (const more of [{}, { subject: patient }, { actor: "doctor-0" }])
      expect((await asks(more)).rows).toMatchObject([border])
    const [row] = (await asks({})).rows
    expect(Date.parse(row?.at ?? "")).toBeLessThan(Date.parse(from))
    expect((await asks({ actor: "desk-service" })).rows).toEqual([])
    await asDoctor(() => revokeShare(used.wk, quiet.id))
    expect((await asks({ actor: "doctor-0" })).rows).toMatchObject([
      { recipient: "Dr Quiet", outcome: "revoked", opened: 0 },
      border,
    ])
    expect((await asOwnerRole(() => handedOut({ ...asked(), to: from }))).rows).toMatchObject([
      { recipient: "Dr Quiet", outcome: "shared" },
      { recipient: "Dr Border", opened: 1 },
    ])
  })

  it("is an opening and no share of whoever opened it, where the share itself is in the log no more", async () => {
    const [, patient = ""] = persons
    const made = await asDoctor(() =>
      share(used.wk, { relation: "public.patient", record: patient, recipient: "Dr Late", until: until() }),
    )
    await asDesk(() => openShare(used.wk, made))
    await used.admin("delete from wardkeep_audit.event where detail like $1 and detail::json ->> 'phase' = 'begun'", [
      `%${made.id}%`,
    ])
    const { rows } = await asOwnerRole(() => handedOut({ ...asked(), subject: patient }))
    expect(rows).toMatchObject([{ outcome: "opened", actor: "desk-service", opened: 1 }])
  })

  it("is a download with its persons, also where it began before", async () => {
    const [first = "", second = ""] = persons
    const leaving = await asDoctor(() =>
      download(used.wk, { relation: "public.patient", records: [first, second], file: "two.pdf" }, bytes("four")),
    )
    const from = await moment()
    for await (const _ of leaving);
    expect((await asOwnerRole(() => handedOut({ ...asked(), from }))).rows).toMatchObject([
      { verb: "download", outcome: "completed", persons: 2, file: "two.pdf", bytes: 4 },
    ])
  })
})

it("a download is one line of a person's report, however it ended, and its end is one where the beginning is not", async () => {
  const [, , patient = ""] = persons
  const lines = async (from?: string): Promise<string[]> => {
    const options = {
      ...asked(),
      subject: patient,
      requestedBy: "subject" as const,
      ...(from !== undefined && { from }),
    }
    const { rows } = await asOwnerRole(() => accessReport(options))
    return rows.map(({ what }) => what).filter((what) => what !== "the log was read")
  }
  const leaving = () =>
    asDoctor(() => download(used.wk, { relation: "public.patient", records: [patient] }, bytes("one", "two", "three")))
  for await (const _ of await leaving());
  for await (const _ of await leaving()) break
  await leaving()
  expect(await lines()).toEqual(["download", "download", "download"])
  const [outcomes] = await used.admin<{ of: string[] }>(
    "select array_agg(detail::json ->> 'phase' order by id) as of from wardkeep_audit.event where subject = $1 and verb = 'download' and detail like '%transfer%'",
    [patient],
  )
  expect(outcomes?.of.filter((phase) => phase !== "begun").sort()).toEqual(["aborted", "completed"])
  const late = await leaving()
  const from = await moment()
  for await (const _ of late) break
  expect(await lines(from)).toEqual(["download"])
})

describe("the difference of a record whose key two branches have", () => {
  it("is of each branch by itself, or of the one that is asked for", async () => {
    const [north, south] = [used.clinic.branches[0].branch, used.clinic.branches[1].branch]
    const record = "11111111-1111-4111-8111-111111111111"
    const relation = "public.patient"
    const two = await used.newSession("doctor", 1, ["care"])
    const insert = (name: string) =>
      used.wk.query("insert into patient (id, full_name) values ($1, $2)", [record, name])
    await asDoctor(() => insert("Anna of North"))
    await used.wk.run(two, () => insert("Bala of South"))
    await asDoctor(() => used.wk.query("update patient set phone = '5' where id = $1", [record]))
    const asks = async (more: object) =>
      (await asOwnerRole(() => recordDiff({ ...asked(), relation, record, ...more }))).rows
    const found = await asks({})
    const names = found.filter(({ column }) => column === "full_name").map(({ branch, after }) => [branch, after])
    expect(new Set(names)).toEqual(
      new Set([
        [north, "Anna of North"],
        [south, "Bala of South"],
      ]),
    )
    expect(found.find(({ column, branch }) => column === "phone" && branch === south)).toBeUndefined()
    expect(found.find(({ column }) => column === "phone")).toMatchObject({ branch: north, after: "5" })
    const of = await asks({ branch: south })
    expect(of.find(({ column }) => column === "full_name")).toMatchObject({ after: "Bala of South", changes: 1 })
    expect(new Set(of.map(({ branch }) => branch))).toEqual(new Set([south]))
  })
})

describe("refusals that are only counted", () => {
  it("are told wherever their minute and the window meet, and nowhere else", async () => {
    const refused = used.make()
    await refused.run(used.doctor, async () => {
      for (let time = 0; time < 12; time++)
        await expect(refused.query("select * from clinic")).rejects.toMatchObject({ code: "42501" })
    })
    await refused.close()
    const [counted] = await used.admin<{ first: string; last: string; next: string; before: string }>(
      `select (minute + interval '1 millisecond')::text as first, (minute + interval '59.9 seconds')::text as last, (minute + interval '1 minute')::text as next,
              (minute - interval '1 millisecond')::text as before from wardkeep_audit.denial where more > 0 and session = $1`,
      [used.doctor.id],
    )
    const { first = "", last = "", next = "", before = "" } = counted ?? {}
    const told = async (window: object): Promise<[boolean, number]> => {
      const { rows } = await asOwnerRole(() => deniedAttempts({ ...asked(), ...window }))
      const { reach } = await asOwnerRole(() => blastRadius({ ...asked(), actor: "doctor-0", ...window }))
      const listed = rows.reduce((sum, { n }) => sum + n, 0)
      expect(reach.refusals).toBe(listed)
      return [rows.some(({ code }) => code === "more"), listed]
    }
    expect((await told({ from: first }))[0]).toBe(true)
    expect((await told({ from: last }))[0]).toBe(true)
    expect((await told({}))[0]).toBe(true)
    expect((await told({ to: last }))[0]).toBe(true)
    expect((await told({ from: next }))[0]).toBe(false)
    expect(await told({ to: before })).toEqual([false, 0])
  })
})

it("after an erasure a view that is said again of the others is one view of the actor, and two resources as FHIR", async () => {
  const [a = "", b = "", c = "", d = ""] = persons
  const from = await moment()
  await asDoctor(() => used.wk.query("select id, full_name from patient where id = any ($1)", [[a, b, c, d]]))
  const reach = async () => (await asOwnerRole(() => blastRadius({ ...asked(), actor: "doctor-0", from }))).reach
  const before = await reach()
  expect(before).toMatchObject({ events: 1, persons: 4, verbs: { view: 1 } })
  for (const [erased, left] of [
    [d, 3],
    [c, 2],
  ] as const) {
    await seal()
    await asOwnerRole(() => eraseSubject({ ...asked(), subject: erased, reason: "request 18" }))
    expect(await reach()).toMatchObject({ events: 1, persons: left, verbs: { view: 1 } })
  }
  const { rows } = await asOwnerRole(() => timeline({ ...asked(), actor: "doctor-0" }))
  const site = { server: { name: "clinic", address: "clinic.example" } }
  const ids = fhirAuditEvents(rows, { site }).map(({ id }) => id)
  expect(new Set(ids).size).toBe(rows.length)
  expect(fhirAuditEvents(rows, { site }).map(({ id }) => id)).toEqual(ids)
})
