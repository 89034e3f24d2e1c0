import { randomBytes } from "node:crypto"
import { declareBreakGlass, referPatient } from "@wardkeep/postgres"
import { maintenance } from "@wardkeep/postgres/migrate"
import { beforeAll, describe, expect, it } from "vitest"
import { useAssigned } from "#tests/fixture/assigned.ts"
import { viewedPolicy } from "#tests/fixture/audited.ts"
import { useClient } from "#tests/fixture/client.ts"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { crossingPolicy } from "#tests/fixture/crossing.ts"
import { policyWithHandling } from "#tests/fixture/policy.ts"
import { whileSwallowed } from "#tests/fixture/swallowed.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "../compile/audit.js"
import { openShare, share } from "../handling/share.js"
import { download, exportRows, type Transfer } from "../handling/transfer.js"
import { whoSaw } from "../read/read.js"
import { recordViews } from "../views/recorder.js"

const refused = (work: Promise<unknown>): Promise<void> => expect(work).rejects.toMatchObject({ code: "WK461" })

describe("where the log takes no event", () => {
  const database = useDatabase()
  const used = useClient(database, { policy: viewedPolicy(), extensions: [audit], views: recordViews })
  const query = (text: string, values: unknown[] = []) => used.wk.run(used.doctor, () => used.wk.query(text, values))
  const phones = async (): Promise<unknown[]> => used.admin("select id, phone from patient order by id")
  let patient = ""

  beforeAll(async () => {
    const { rows } = await query("select id from patient order by id")
    patient = String((rows[0] as { id: string }).id)
    await query("insert into visit (patient_id, reason) values ($1, 'before')", [patient])
  })

  it.each([
    ["an insert", "insert into visit (patient_id, reason) select id, 'quiet' from patient"],
    ["an update", "update patient set phone = 'quiet'"],
    [
      "an update of one row among others that stay as they are",
      "update patient set phone = case when id = (select max(id::text)::uuid from patient) then 'quiet' else phone end",
    ],
    ["a delete", "delete from visit where reason = 'before'"],
    ["a view", "select full_name from patient"],
    ["a view in a form that is asked for the first time", "select full_name as again from patient"],
  ])("%s is refused, and goes through again once it does", async (_, text) => {
    const before = await phones()
    const visits = await used.admin("select id from visit order by id")
    await whileSwallowed(used.owner, async () => {
      await refused(query(text))
      await refused(query(text))
    })
    expect(await phones()).toEqual(before)
    expect(await used.admin("select id from visit order by id")).toEqual(visits)
    // Undone, so that each of these tests begins alike.
    const undone = new Error("undone")
    const again = used.wk.run(used.doctor, () =>
      used.wk.tx(async (q) => {
        await q.query(text)
        throw undone
      }),
    )
    await expect(again).rejects.toBe(undone)
  })

  it("TRUNCATE is refused, and so is whoever reads the log", async () => {
    const [{ clinic: tenant }] = used.clinic.branches
    await whileSwallowed(used.owner, async () => {
      const { policy, logins } = used.clinic
      const work = { policy, tables: ["note"], reason: "quiet" }
      await refused(
        connected(withLogin(database.ownerUrl, logins.migrator), (client) =>
          maintenance({ client, ...work }, () => client.query("truncate note")),
        ),
      )
      await refused(used.owner((client) => whoSaw({ client, tenant, subject: patient, reason: "request 17" })))
    })
    expect(await used.admin("select from note")).not.toEqual([])
  })

  it("a write that changes nothing is none, and is not refused", async () => {
    await whileSwallowed(used.owner, async () => {
      await query("update patient set phone = phone")
      await query("update patient set phone = 'quiet' where false")
      await query("delete from visit where false")
    })
  })
})

describe("where the log takes no event, nothing leaves:", () => {
  const policy = policyWithHandling(`q${randomBytes(4).toString("hex")}`)
  const used = useClient(useDatabase(), { policy, extensions: [audit] })
  const asDoctor = <T>(work: () => Promise<T>): Promise<T> => used.wk.run(used.doctor, work)
  async function* bytes(): AsyncGenerator<string> {
    yield "bytes"
  }
  const all = async (transfer: Transfer): Promise<void> => {
    for await (const _ of transfer);
  }
  let records: string[] = []

  beforeAll(async () => {
    const rows = await used.admin<{ id: string }>("select id from patient where branch_id = $1 order by id", [
      used.clinic.branches[0].branch,
    ])
    records = rows.map(({ id }) => id)
  })

  it("no download of records, no export, no end of one that began before", async () => {
    const what = { relation: "public.patient", records: records.slice(0, 2) }
    const begun = await asDoctor(() => download(used.wk, what, bytes()))
    await whileSwallowed(used.owner, async () => {
      await refused(asDoctor(() => download(used.wk, what, bytes())))
      await refused(
        asDoctor(() =>
          exportRows(used.wk, { relation: "public.patient", columns: ["full_name"] }, "select full_name from patient"),
        ),
      )
      await refused(all(begun))
    })
  })

  it("no share, made or opened", async () => {
    const until = new Date(Date.now() + 3_600_000)
    const make = () =>
      asDoctor(() =>
        share(used.wk, { relation: "public.patient", record: records[0] ?? "", recipient: "Dr. Rao", until, opens: 2 }),
      )
    const made = await make()
    await whileSwallowed(used.owner, async () => {
      await refused(make())
      await refused(asDoctor(() => openShare(used.wk, made)))
    })
    expect(await asDoctor(() => openShare(used.wk, made))).toMatchObject({ left: 1 })
  })
})

describe("where the log takes no event, nobody", () => {
  const clinic = useAssigned(useDatabase(), crossingPolicy(), undefined, [audit])
  const [here, there] = clinic.places
  const subject = here.patients[0] ?? ""

  it("declares an emergency or refers a person", async () => {
    await clinic.grant("asha", "doctor", 0)
    const session = await clinic.session("asha")
    const until = new Date(Date.now() + 3_600_000)
    await whileSwallowed(clinic.host.asOwner, async () => {
      await refused(
        clinic.wk.run(session, () =>
          declareBreakGlass(clinic.wk, {
            branch: there.branch,
            subject: there.patients[0] ?? "",
            reason: "unconscious",
            explanation: "brought in",
            minutes: 10,
          }),
        ),
      )
      await refused(
        clinic.wk.run(session, () =>
          referPatient(clinic.wk, {
            subject,
            from: here.branch,
            to: there.branch,
            records: ["public.patient"],
            until,
            basis: "second_opinion",
          }),
        ),
      )
    })
    expect(await clinic.admin("select from wardkeep.break_glass union all select from wardkeep.referral")).toEqual([])
  })
})
