import { randomBytes } from "node:crypto"
import { movePatient, type Session } from "@wardkeep/postgres"
import { beforeAll, describe, expect, it } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { policyWithCombinations } from "#tests/fixture/policy.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { exportRows } from "../handling/transfer.js"
import { recordViews } from "../views/recorder.js"
import { audit } from "./audit.js"

const database = useDatabase()
const used = useClient(database, {
  policy: policyWithCombinations(`m${randomBytes(4).toString("hex")}`),
  extensions: [audit],
  views: recordViews,
})
let care: Session
let billing: Session
let single: Session
let patient = ""

/** The roles that the events of `work` name, with verb and relation. */
async function roles(session: Session, work: () => Promise<unknown>): Promise<string[]> {
  const [before] = await used.admin<{ id: string }>("select coalesce(max(id), 0)::text as id from wardkeep_audit.event")
  await used.wk.run(session, work)
  const rows = await used.admin<{ said: string }>(
    `select distinct verb || ' ' || replace(relation, 'public.', '') || ' ' || role as said, min(id) from wardkeep_audit.event
      where id > $1 group by 1 order by min(id)`,
    [before?.id],
  )
  return rows.map(({ said }) => said)
}

const written = (session: Session, text: string, values: unknown[] = [patient]): Promise<string[]> =>
  roles(session, () => used.wk.query(text, values))

beforeAll(async () => {
  care = await used.newSession("practitioner", 0, ["care"])
  billing = await used.newSession("practitioner", 0, ["billing"])
  single = await used.newSession("single", 0)
  const [row] = await used.admin<{ id: string }>("select id from patient where branch_id = $1 order by id limit 1", [
    used.clinic.branches[0].branch,
  ])
  patient = row?.id ?? ""
})

describe("an event of a combination of roles", () => {
  it("names the role whose purpose it is", async () => {
    expect(await written(care, "select full_name from patient where id = $1")).toEqual([
      "view patient practitioner/doctor",
    ])
    expect(await written(billing, "select full_name from patient where id = $1")).toEqual([
      "view patient practitioner/cashier",
    ])
    expect(await written(care, "update patient set hiv_status = 'no' where id = $1")).toEqual([
      "update patient practitioner/doctor",
    ])
  })

  it("names of two roles the one whose cell holds all of the other's, and both where they are alike", async () => {
    expect(await written(single, "select full_name from patient where id = $1")).toEqual(["view patient single/doctor"])
    const reason = "update visit set reason = reason || '.' where patient_id = $1"
    expect(await written(single, reason)).toEqual(["update visit single/doctor+reception"])
    const { clinic, branch } = used.clinic.branches[0]
    const visit = "insert into visit (clinic_id, branch_id, patient_id, reason) values ($1, $2, $3, 'follow-up')"
    expect(await written(single, visit, [clinic, branch, patient])).toEqual(["create visit single/doctor"])
  })

  it("names, where each brings columns of its own, those whose columns were written", async () => {
    const set = (what: string): Promise<string[]> => written(single, `update patient set ${what} where id = $1`)
    expect(await set("phone = '+911'")).toEqual(["update patient single/reception"])
    expect(await set("hiv_status = 'yes'")).toEqual(["update patient single/doctor"])
    expect(await set("full_name = full_name || '.'")).toEqual(["update patient single/doctor+reception"])
    expect(await set("phone = '+912', hiv_status = 'no'")).toEqual(["update patient single/doctor+reception"])
    // What both may write brings nobody in who brings nothing else: the desk alone allows this, and the doctor that.
    expect(await set("phone = '+913', full_name = full_name || '.'")).toEqual(["update patient single/reception"])
    expect(await set("hiv_status = 'yes', full_name = full_name || '.'")).toEqual(["update patient single/doctor"])
    expect(await set("phone = phone")).toEqual([])
  })

  it("names the role of what leaves the house, when it begins and when it ends", async () => {
    const taken = roles(single, async () => {
      const transfer = await exportRows(
        used.wk,
        { relation: "public.patient", records: [patient] },
        "select full_name from patient",
      )
      for await (const _ of transfer);
    })
    expect(await taken).toEqual(["export patient single/doctor", "view patient single/doctor"])
  })

  it("names no cell's role where a person is moved, which roles do by their name", async () => {
    const [here, there] = used.clinic.branches
    const [assignment] = single.grants
    const both = await used.issuer.issueSession({
      actor: "mover",
      ttl: "PT1H",
      assignments: [{ tenant: here.clinic, branches: [here.branch, there.branch], role: assignment?.role ?? "" }],
    })
    const move = (from: string, to: string) =>
      movePatient(used.wk, { subject: patient, from, to, reason: "moved house" })
    expect(await roles(both, () => move(here.branch, there.branch))).toEqual([
      "update patient single",
      "update visit single",
      "update note single",
      "create wardkeep.move single",
    ])
    await used.wk.run(both, () => move(there.branch, here.branch))
  })

  it("leaves a role that is none as it is", async () => {
    const doctor = await used.newSession("doctor", 0)
    expect(await written(doctor, "update patient set hiv_status = 'x' where id = $1")).toEqual([
      "update patient doctor",
    ])
  })
})
