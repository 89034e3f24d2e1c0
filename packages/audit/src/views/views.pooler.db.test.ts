import { describe, expect, it } from "vitest"
import { viewedPolicy } from "#tests/fixture/audited.ts"
import { useClient } from "#tests/fixture/client.ts"
import { connected } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "../compile/audit.js"
import { recordViews } from "./recorder.js"

const database = useDatabase({ pooler: { poolSize: 2 } })
const used = useClient(database, { policy: viewedPolicy(), extensions: [audit], views: recordViews })

describe("behind a pooler", () => {
  it("views are recorded, and no prepared name is left on its sessions", async () => {
    const wk = used.make({ pooler: true })
    await wk.run(used.doctor, async () => {
      await wk.query("select id from patient where full_name > $1", [""])
      await wk.tx((q) => q.query("select full_name from patient where full_name > $1", [""]))
      for await (const _ of wk.stream("select patient_id from visit where reason > $1", [""])) break
    })
    const events = await used.admin<{ relation: string; source: string }>(
      "select relation, detail::json ->> 'source' as source from wardkeep_audit.event where verb = 'view' order by id",
    )
    expect(events).toEqual([
      { relation: "public.patient", source: "exact" },
      { relation: "public.patient", source: "exact" },
      { relation: "public.visit", source: "exact" },
    ])
    const names = await connected(database.appUrl(used.clinic.logins.app), async (client) => {
      const { rows } = await client.query("select name from pg_prepared_statements where name like 'wk_plan%'")
      return rows
    })
    expect(names).toEqual([])
  })
})
