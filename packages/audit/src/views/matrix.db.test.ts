import { asOwner } from "@wardkeep/postgres/migrate"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { viewedPolicy } from "#tests/fixture/audited.ts"
import { useClient } from "#tests/fixture/client.ts"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { composedForms } from "#tests/fixture/view-forms/composed.ts"
import { hostObjects } from "#tests/fixture/view-forms/host-objects.ts"
import { plainForms } from "#tests/fixture/view-forms/plain.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "../compile/audit.js"
import { recordViews } from "./recorder.js"

const database = useDatabase()
const used = useClient(database, { policy: viewedPolicy(), extensions: [audit], views: recordViews })
const forms = [...plainForms, ...composedForms]
const ids = { patient: "", visit: "", note: "", patients: [] as string[] }

interface Event {
  readonly relation: string
  readonly subject: string | null
  readonly groups: string[]
  readonly n: number
  readonly detail: { source: string; subjects?: string[] }
}

let log: pg.Client
let last = "0"

beforeAll(async () => {
  log = new pg.Client({ connectionString: database.adminUrl })
  await log.connect()
  const { policy, logins } = used.clinic
  const doctor = `wk_${policy.deployment}_r_doctor`
  await connected(withLogin(database.ownerUrl, logins.migrator), (client) =>
    asOwner(client, policy, async () => {
      await client.query(hostObjects)
      await client.query(`grant select on patient_names, visit_list to ${doctor}`)
    }),
  )
  const [patient] = await used.wk.run(used.doctor, () =>
    used.wk.query<{ id: string }>("select id from patient where full_name like 'Patient 1 %'").then(({ rows }) => rows),
  )
  ids.patient = patient?.id ?? ""
  const all = await used.admin<{ id: string }>("select id from patient where branch_id = $1", [
    used.clinic.branches[0].branch,
  ])
  ids.patients = all.map(({ id }) => id)
  const [visit] = await used.admin<{ id: string }>("select id from visit where patient_id = $1", [ids.patient])
  ids.visit = visit?.id ?? ""
  await viewed(() => Promise.resolve())
})
afterAll(() => log.end())

/** The views that `work` left in the log. */
async function viewed<T>(work: () => Promise<T>): Promise<{ events: Event[]; result: T }> {
  const result = await work()
  const { rows } = await log.query<Event>(
    "select relation, subject, groups, n, detail::json from wardkeep_audit.event where verb = 'view' and id > $1 order by id",
    [last],
  )
  const newest = await log.query("select coalesce(max(id), 0)::text as id from wardkeep_audit.event")
  last = newest.rows[0].id
  return { events: rows, result }
}

const sources = (events: readonly Event[]): Record<string, string> =>
  Object.fromEntries(events.map(({ relation, detail }) => [relation, detail.source]))

const subjectsOf = ({ subject, detail }: Event): string[] => detail.subjects ?? (subject === null ? [] : [subject])

describe("forms of query", () => {
  it("are more than forty, and each has its own name", () => {
    expect(forms.length).toBeGreaterThanOrEqual(40)
    expect(new Set(forms.map(({ form }) => form)).size).toBe(forms.length)
  })

  it.each(forms)("$form: recorded", async ({ text, values = [], expected, groups = [] }) => {
    const given = values.map((name) => ids[name])
    // The second execution is recorded as the first, from what was kept of the text.
    for (const execution of ["first", "second"]) {
      const { events, result } = await viewed(() =>
        used.wk
          .run(used.doctor, () => used.wk.query(text, given))
          .catch((error) => expect.unreachable(`${execution}: ${error.message}`)),
      )
      if (result.rows.length === 0) {
        // What the first execution deleted is gone.
        expect(execution).toBe("second")
        expect(events).toEqual([])
        continue
      }
      expect(sources(events), execution).toEqual(expected)
      expect(events.find(({ relation }) => relation === "public.patient")?.groups ?? []).toEqual(groups)
      for (const event of events) {
        expect(event.n).toBe(result.rows.length)
        if (event.detail.source === "exact" || event.detail.source === "fetched")
          expect(subjectsOf(event).length, event.relation).toBeGreaterThan(0)
        for (const subject of subjectsOf(event)) expect(ids.patients).toContain(subject)
        // The values name a patient, a visit or a note of one and the same person.
        if (event.detail.source === "fetched" && values.length > 0) expect(subjectsOf(event)).toEqual([ids.patient])
      }
    }
  })
})
