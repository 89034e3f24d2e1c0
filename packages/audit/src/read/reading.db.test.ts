import { randomBytes } from "node:crypto"
import { asOwner } from "@wardkeep/postgres/migrate"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { withLogin } from "#tests/fixture/clinic.ts"
import { policyWithHandling } from "#tests/fixture/policy.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "../compile/audit.js"
import { recordRefusals } from "../denied/refusals.js"
import { revokeShare, share } from "../handling/share.js"
import { download, exportRows } from "../handling/transfer.js"
import { accessReport } from "./access-report.js"
import { blastRadius } from "./blast-radius.js"
import { readCoverage } from "./coverage.js"
import { fhirAuditEvents } from "./fhir.js"
import { deniedAttempts, handedOut, recordDiff } from "./handed.js"
import { timeline, whoSaw } from "./read.js"
import { tail } from "./tail.js"

const database = useDatabase()
const used = useClient(database, {
  policy: policyWithHandling(`r${randomBytes(4).toString("hex")}`),
  extensions: [audit],
  refusals: recordRefusals,
})

let owner: pg.Client
let patient = ""
let neighbour = ""
const asked = () => ({ client: owner, tenant: used.clinic.branches[0].clinic, reason: "complaint 4" })
const asOwnerRole = <T>(work: () => Promise<T>): Promise<T> => asOwner(owner, used.clinic.policy, work)
const asDoctor = <T>(work: () => Promise<T>): Promise<T> => used.wk.run(used.doctor, { requestId: "r-4" }, work)

async function* bytes(text: string): AsyncGenerator<string> {
  yield text
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

async function drain(chunks: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of chunks);
}

beforeAll(async () => {
  owner = new pg.Client({ connectionString: withLogin(database.ownerUrl, used.clinic.logins.migrator) })
  await owner.connect()
  const rows = await used.admin<{ id: string }>("select id from patient where branch_id = $1 order by id", [
    used.clinic.branches[0].branch,
  ])
  patient = rows[0]?.id ?? ""
  neighbour = rows[1]?.id ?? ""
  await asDoctor(async () => {
    await used.wk.query("update patient set phone = '1' where id = $1", [patient])
    await used.wk.query("update patient set phone = '2', full_name = 'Ravi' where id = $1", [patient])
    await drain(
      await download(
        used.wk,
        { relation: "public.patient", records: [patient, neighbour], file: "two.pdf" },
        bytes("four"),
      ),
    )
    await drain(
      await exportRows(used.wk, { relation: "public.patient", filters: { all: true } }, "select id from patient"),
    )
    await download(used.wk, { relation: "public.patient", records: [neighbour] }, bytes("never read"))
    const until = new Date(Date.now() + 3_600_000)
    const { id } = await share(used.wk, { relation: "public.patient", record: patient, recipient: "Dr Rao", until })
    await revokeShare(used.wk, id)
  })
  // close() waits for what is recorded beside the calls.
  const refused = used.make()
  await refused.run(used.doctor, async () => {
    await expect(refused.query("select * from clinic")).rejects.toMatchObject({ code: "42501" })
  })
  await refused.close()
})
afterAll(() => owner.end())

it("where nothing can be recorded nothing is read, and the error says what to do", async () => {
  await owner.query("set default_transaction_read_only = on")
  const refused = { code: "WK459", message: "this server is a standby, or the session reads only" }
  await asOwnerRole(async () => {
    await expect(whoSaw({ ...asked(), subject: patient })).rejects.toMatchObject(refused)
    await expect(timeline({ ...asked(), subject: patient })).rejects.toMatchObject(refused)
  })
  await owner.query("reset default_transaction_read_only")
})

describe("what left", () => {
  it("is one row each, with how it ended", async () => {
    const { rows, coverage } = await asOwnerRole(() => handedOut(asked()))
    expect(rows).toMatchObject([
      { verb: "share", outcome: "revoked", recipient: "Dr Rao", persons: 1, opened: 0 },
      { verb: "download", outcome: "begun", persons: 1, bytes: null },
      { verb: "export", outcome: "completed", persons: 0, rows: 5, filters: { all: true } },
      {
        verb: "download",
        outcome: "completed",
        persons: 2,
        bytes: 4,
        file: "two.pdf",
        actor: "doctor-0",
        role: "doctor",
      },
    ])
    expect(coverage.unnamed).toBe(1)
    const ofPatient = await asOwnerRole(() => handedOut({ ...asked(), subject: patient }))
    expect(ofPatient.rows.map(({ verb }) => verb)).toEqual(["share", "download"])
    expect((await asOwnerRole(() => handedOut({ ...asked(), actor: "nobody" }))).rows).toEqual([])
  })
})

describe("what was refused", () => {
  it("is listed with its code and table", async () => {
    const { rows } = await asOwnerRole(() => deniedAttempts(asked()))
    expect(rows).toMatchObject([{ verb: "deny", actor: "doctor-0", relation: "public.clinic", code: "42501", n: 1 }])
  })
})

describe("the difference of a record", () => {
  it("is each column before and after, whatever lay between", async () => {
    const { rows } = await asOwnerRole(() => recordDiff({ ...asked(), relation: "public.patient", record: patient }))
    expect(rows).toMatchObject([
      { column: "full_name", after: "Ravi", changes: 1, actor: "doctor-0" },
      { column: "phone", before: expect.stringMatching(/^\+9198/), after: "2", changes: 2 },
    ])
  })
})

describe("the blast radius", () => {
  it("is whom an account or a session reached, and what that list cannot name", async () => {
    const byActor = await asOwnerRole(() => blastRadius({ ...asked(), actor: "doctor-0" }))
    expect(byActor.rows.map(({ subject }) => subject).sort()).toEqual([patient, neighbour].sort())
    expect(byActor.rows.find(({ subject }) => subject === patient)).toMatchObject({
      verbs: ["download", "share", "update"],
      groups: ["sensitive"],
    })
    expect(byActor.reach).toMatchObject({
      persons: 2,
      sessions: 1,
      unnamed: 1,
      refusals: 1,
      branches: [used.clinic.branches[0].branch],
    })
    expect(byActor.reach.bytes).toBeGreaterThan(4)
    const bySession = await asOwnerRole(() => blastRadius({ ...asked(), session: used.doctor.id }))
    expect(bySession.reach).toEqual(byActor.reach)
    const before = await asOwnerRole(() => blastRadius({ ...asked(), actor: "doctor-0", to: "2020-01-01" }))
    expect(before.reach).toMatchObject({ events: 0, persons: 0 })
    await expect(asOwnerRole(() => blastRadius(asked()))).rejects.toMatchObject({ code: "WK009" })
    await expect(asOwnerRole(() => blastRadius({ ...asked(), session: "x" }))).rejects.toMatchObject({ code: "WK009" })
  })
})

describe("a person's own report", () => {
  it("tells who did what without values, and what it cannot know", async () => {
    const { rows, gaps } = await asOwnerRole(() =>
      accessReport({ ...asked(), subject: patient, requestedBy: { guardian: "mother-1" }, ownRoles: ["doctor"] }),
    )
    const about = rows.filter(({ what }) => what !== "the log was read")
    expect(about.map(({ what }) => what)).toEqual(["share revoked", "share", "download", "update", "update"])
    expect(about.every(({ own }) => own)).toBe(true)
    expect(about[0]?.recipient).toBe("Dr Rao")
    expect(JSON.stringify(rows)).not.toContain("Ravi")
    expect(gaps.join(" ")).toContain("1 exports name nobody: you may be in them.")
    expect(gaps.join(" ")).toContain("Who looked at a record without changing it is not recorded here.")
    const [reading] = await used.admin<{ detail: object; subject: string }>(
      "select subject, detail::json from wardkeep_audit.event where detail like '%access_report%'",
    )
    expect(reading).toMatchObject({
      subject: patient,
      detail: { access_report: "guardian", by: "mother-1", reason: "complaint 4" },
    })
    const cut = await asOwnerRole(() =>
      accessReport({ ...asked(), subject: patient, requestedBy: "subject", limit: 1 }),
    )
    expect(cut.gaps[0]).toBe("The list is cut: there is more than it holds.")
  })
})

describe("the tail", () => {
  it("hands over each event once, also one that was begun before others and committed after them", async () => {
    const stop = new AbortController()
    const seen: string[] = []
    const follower = new pg.Client({ connectionString: withLogin(database.ownerUrl, used.clinic.logins.migrator) })
    await follower.connect()
    try {
      const following = asOwner(follower, used.clinic.policy, async () => {
        for await (const event of tail({ ...asked(), client: follower, signal: stop.signal, every: 20 })) {
          seen.push(String(event.detail?.phone))
        }
      })
      const begun = "select count(*)::int as n from wardkeep_audit.event where detail like '%\"tail\"%'"
      await expect.poll(async () => (await used.admin<{ n: number }>(begun))[0]?.n, { timeout: 10_000 }).toBe(1)
      const held = deferred()
      const updated = deferred()
      const late = asDoctor(() =>
        used.wk.tx(async (q) => {
          await q.query("update patient set phone = 'late' where id = $1", [neighbour])
          updated.resolve()
          await held.promise
        }),
      )
      await updated.promise
      await asDoctor(() => used.wk.query("update patient set phone = 'early' where id = $1", [patient]))
      await expect.poll(() => seen.length, { timeout: 10_000 }).toBe(1)
      held.resolve()
      await late
      await expect.poll(() => seen.length, { timeout: 10_000 }).toBe(2)
      stop.abort()
      await following
      expect(seen.map((text) => text.split(",").at(-1))).toEqual(["early", "late"])
    } finally {
      await follower.end()
    }
  })
})

describe("as FHIR", () => {
  it("names the person, the actor, the request and the profile", async () => {
    const { rows } = await asOwnerRole(() => timeline({ ...asked(), subject: patient }))
    const resources = fhirAuditEvents(rows, {
      site: { server: { name: "clinic", address: "clinic.example" } },
      subject: patient,
    })
    expect(resources).toHaveLength(rows.length)
    expect(new Set(resources.map(({ id }) => id)).size).toBe(rows.length)
    expect(JSON.stringify(resources)).not.toContain("Ravi")
    expect(resources.at(-1)).toMatchObject({ action: "U", outcome: "0" })
  })
})

it("what an answer rests on counts the events of dropped months by their leaves: equal numbers twice, equal leaves once", async () => {
  const said = (phase: string, n: number, leaves = ""): [number, string] => [
    n,
    `{"phase":"${phase}","month":"2020-01"${leaves}}`,
  ]
  const begun = (leaves: string): [number, string] => said("begun", 2, `,"reason":"x","leaves":[${leaves}]`)
  for (const [n, detail] of [
    begun("[0,1]"),
    said("completed", 2),
    begun("[4,5]"),
    said("completed", 2),
    said("completed", 2),
  ])
    await used.admin(
      `insert into wardkeep_audit.event (tenant, actor, role, purpose, verb, relation, n, detail)
       values ('dropped twice', 'x', 'owner', 'retention', 'retention', 'wardkeep_audit.event', ${n}, '${detail}')`,
    )
  const { dropped } = await asOwnerRole(() => readCoverage(owner, "dropped twice"))
  expect(dropped).toEqual([{ month: "2020-01", events: 4 }])
})
