import { randomBytes } from "node:crypto"
import { definePolicy } from "@wardkeep/core"
import { beforeAll, describe, expect, it } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { detectionDocument } from "#tests/fixture/policy.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "../compile/audit.js"
import { recordRefusals } from "../denied/refusals.js"
import { handedOut } from "../read/handed.js"
import { recordViews } from "../views/recorder.js"
import { exportRows } from "./transfer.js"

const { doctor } = detectionDocument.roles
const cells = { ...doctor.can, patient: { read: true, create: true, export: true } }
const policy = definePolicy({
  ...detectionDocument,
  deployment: `e${randomBytes(4).toString("hex")}`,
  roles: {
    ...detectionDocument.roles,
    doctor: { ...doctor, can: cells },
    registrar: { ...doctor, can: { ...cells, visit: { read: true, export: true } } },
  },
} as never)
const used = useClient(useDatabase(), {
  policy,
  extensions: [audit],
  views: recordViews,
  refusals: recordRefusals,
})
let [a, b] = ["", ""]

interface Event {
  readonly relation: string
  readonly subject: string | null
  readonly n: number
  readonly phase: string
}

/** What left, and the events of it. */
async function exported(
  what: Parameters<typeof exportRows>[1],
  text: string,
  role = "doctor",
): Promise<{ csv: string; events: Event[] }> {
  const session = await used.newSession(role, 0, ["care"])
  let csv = ""
  await used.wk.run(session, async () => {
    for await (const chunk of await exportRows(used.wk, what, text)) csv += chunk.toString()
  })
  const events = await used.admin<Event>(
    "select relation, subject, n, detail::json ->> 'phase' as phase from wardkeep_audit.event where session = $1 and verb = 'export' order by id",
    [session.id],
  )
  return { csv, events }
}

/** Exports of this person, and how many name nobody. */
const about = async (subject: string): Promise<[number, number]> =>
  await used.owner(async (client) => {
    const asked = { client, tenant: used.clinic.branches[0].clinic, reason: "request 17", subject }
    const { rows, coverage } = await handedOut(asked)
    return [rows.length, coverage.unnamed]
  })

const ofA = () => ({ relation: "public.patient", records: [a] })
const denials = async (): Promise<number> =>
  (await used.admin("select from wardkeep_audit.event where verb = 'deny' and relation = 'public.patient'")).length

beforeAll(async () => {
  const rows = await used.admin<{ id: string }>("select id from patient where branch_id = $1 order by id", [
    used.clinic.branches[0].branch,
  ])
  ;[a = "", b = ""] = rows.map(({ id }) => id)
  await used.admin(
    "create view public.seen as select v.id, v.reason, p.full_name from visit v join patient p on p.id = v.patient_id",
  )
  await used.admin(
    "create function public.names() returns setof text stable language sql as 'select full_name from public.patient'",
  )
  const grantees = "select rolname from pg_roles where rolname like $1"
  for (const { rolname } of await used.admin<{ rolname: string }>(grantees, [`wk_${policy.deployment}_r_%`]))
    await used.admin(
      `grant select on public.seen to ${rolname}; grant execute on function public.names() to ${rolname}`,
    )
})

describe("an export of named records", () => {
  it.each([
    ["alone", (id: string) => `select id, full_name from patient where id = '${id}'`],
    [
      "with its key behind other columns",
      (id: string) => `select p.full_name as "a ""b"",\nc", p.id from public.patient p where id = '${id}'`,
    ],
    ["in groups", (id: string) => `select count(*), id from patient where id = '${id}' group by id`],
  ])("names whose rows leave, and nobody else: %s", async (_, text) => {
    const [mine, unnamed] = await about(a)
    const theirs = await about(b)
    const { csv, events } = await exported(ofA(), text(a))
    expect(csv).toContain(a)
    expect(events).toMatchObject([
      { subject: a, phase: "begun" },
      { subject: a, phase: "completed", n: 1 },
    ])
    expect(await about(a)).toEqual([mine + 1, unnamed])
    expect(await about(b)).toEqual(theirs)
  })

  it("ends before a row of another record leaves, and the refusal is recorded", async () => {
    const before = await denials()
    const unnamed = (await about(b))[1]
    const text = `select full_name, id from patient where id in ('${a}', '${b}') order by id`
    let csv = ""
    await used.wk.run(await used.newSession("doctor", 0, ["care"]), async () => {
      const transfer = await exportRows(used.wk, ofA(), text)
      const read = async (): Promise<void> => {
        for await (const chunk of transfer) csv += chunk.toString()
      }
      await expect(read()).rejects.toMatchObject({ code: "WK431" })
      expect(transfer.end).toMatchObject({ outcome: "aborted", rows: 1, bytes: csv.length })
    })
    expect(csv).toContain(a)
    expect(csv).not.toContain(b)
    expect(await denials()).toBe(before + 1)
    expect((await about(b))[1]).toBe(unnamed)
  })

  it.each([
    ["does not show the key", "select full_name from patient"],
    ["shows a key of its own making", "select gen_random_uuid() as id, full_name from patient"],
    ["reads the table twice", "select p.id, q.full_name from patient p, patient q"],
    ["reads it twice behind a name", "with p as (select * from patient) select x.id, y.full_name from p x, p y"],
    ["joins it to itself", "select p.id, q.full_name from patient p join patient q on true"],
    ["asks for others in a column", "select id, (select string_agg(full_name, ' ') from patient) from patient"],
    ["looks at the rows around", "select id, string_agg(full_name, ' ') over () from patient"],
    ["calls a function that reads", "select id, public.names() from patient"],
    ["calls one in its source", "select p.id, n from patient p, public.names() n"],
  ])("is counted in the answers about others where its text %s", async (_, text) => {
    const [theirs, unnamed] = await about(b)
    const { csv, events } = await exported(ofA(), text)
    expect(csv).not.toBe("")
    expect(events).toMatchObject([
      { subject: a, phase: "begun" },
      { subject: null, phase: "begun", relation: "public.patient", n: 0 },
      { subject: null, phase: "completed" },
    ])
    expect(await about(b)).toEqual([theirs, unnamed + 1])
  })
})

describe("an export whose text reads another table", () => {
  it.each([
    ["alone", "select reason from visit"],
    ["beside its own", "select p.id, v.reason from patient p, visit v where v.patient_id = p.id"],
    ["in a condition", "select id from patient where exists (select from only (public.visit) where reason = 'x')"],
    [
      "where a constant rules it out of the plan",
      "select id::text from patient union all select reason from visit where 'now'::timestamptz < '2020-01-01'",
    ],
    ["by a quoted name", 'select reason from "visit"'],
    ["behind a view", "select full_name from seen"],
  ])("is refused where the role has no export cell for it: %s", async (_, text) => {
    const unnamed = (await about(b))[1]
    await expect(exported({ relation: "public.patient" }, text)).rejects.toMatchObject({ code: "WK430" })
    await expect(exported(ofA(), text)).rejects.toMatchObject({ code: "WK430" })
    expect((await about(b))[1]).toBe(unnamed)
  })

  it("is an export of both where the role has a cell for each", async () => {
    const text = "select p.id, v.reason from patient p, visit v where v.patient_id = p.id"
    const { events } = await exported(ofA(), text, "registrar")
    expect(events).toMatchObject([
      { subject: a, relation: "public.patient", phase: "begun" },
      { subject: null, relation: "public.patient", phase: "begun" },
      { subject: null, relation: "public.visit", phase: "begun" },
      { subject: null, relation: "public.patient", phase: "completed" },
    ])
    const alone = await exported({ relation: "public.patient" }, "select reason from visit", "registrar")
    expect(alone.events.map(({ relation }) => relation)).toContain("public.visit")
  })

  it("needs none for reference data without a fence", async () => {
    const { events } = await exported({ relation: "public.patient" }, "select p.id, d.name from patient p, drug d")
    expect(events).toMatchObject([{ relation: "public.patient" }, { phase: "completed" }])
  })

  it("is refused where its names are unclear", async () => {
    const text = `select reason from u&"v!0069sit" uescape '!'`
    await expect(exported({ relation: "public.patient" }, text)).rejects.toMatchObject({ code: "WK108" })
  })
})
