import { describe, expect, it } from "vitest"
import { viewedPolicy } from "#tests/fixture/audited.ts"
import { useClient } from "#tests/fixture/client.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "../compile/audit.js"
import { recordViews } from "./recorder.js"

const database = useDatabase()
const used = useClient(database, { policy: viewedPolicy(), extensions: [audit], views: recordViews })

interface Event {
  readonly relation: string
  readonly subject: string | null
  readonly groups: string[]
  readonly n: number
  readonly detail: { source: string; subjects?: string[]; statement?: string }
}

/** The views that `work` left in the log. */
async function viewed<T>(work: () => Promise<T>): Promise<{ events: Event[]; result: T }> {
  const [before] = await used.admin<{ id: string }>("select coalesce(max(id), 0)::text as id from wardkeep_audit.event")
  const result = await work()
  const events = await used.admin<Event>(
    "select tenant, branch, actor, role, purpose, session, request, relation, record, subject, groups, n, detail::json from wardkeep_audit.event where verb = 'view' and id > $1 order by id",
    [before?.id],
  )
  return { events, result }
}

const asDoctor = <T>(work: () => Promise<T>): Promise<T> => used.wk.run(used.doctor, { requestId: "r-1" }, work)

describe("a view through the client", () => {
  it("is one event with who, where, why and whose rows they were", async () => {
    const { events, result } = await viewed(() =>
      asDoctor(() => used.wk.query<{ id: string }>("select id, full_name from patient order by id")),
    )
    const [place] = used.clinic.branches
    expect(result.rows).toHaveLength(5)
    expect(events).toMatchObject([
      {
        tenant: place.clinic,
        branch: place.branch,
        actor: "doctor-0",
        role: "doctor",
        purpose: "care",
        session: used.doctor.id,
        request: "r-1",
        relation: "public.patient",
        subject: null,
        record: null,
        groups: [],
        n: 5,
        detail: { source: "exact" },
      },
    ])
    expect(new Set(events[0]?.detail.subjects)).toEqual(new Set(result.rows.map(({ id }) => id)))
  })
})
