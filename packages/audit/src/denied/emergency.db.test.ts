import { declareBreakGlass, reviewBreakGlass } from "@wardkeep/postgres"
import { apply, install } from "@wardkeep/postgres/migrate"
import { beforeAll, expect, it } from "vitest"
import { useAssigned } from "#tests/fixture/assigned.ts"
import { connected } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "../compile/audit.js"

const database = useDatabase()
const clinic = useAssigned(database)

beforeAll(async () => {
  const { policy, asOwner } = clinic.host
  await connected(database.ownerUrl, (admin) => install({ admin, policy, extensions: [audit] }))
  await asOwner((client) => apply({ client, policy, extensions: [audit] }))
})

it("an emergency is in the sealed log: declared, opened and reviewed, without its explanation", async () => {
  await clinic.grant("asha", "doctor", 0)
  await clinic.grant("chief-1", "chief", 0, { scope: "all" })
  const session = await clinic.session("asha")
  const place = clinic.places[1]
  const subject = place.patients[0] ?? ""
  const explanation = "brought in after a fall"
  const emergency = { branch: place.branch, subject, reason: "unconscious", explanation, minutes: 10 }
  // What is rolled back opens nothing, and leaves nothing.
  await clinic.wk.run(session, async () => {
    await expect(
      clinic.wk.tx(async (q) => {
        await declareBreakGlass(q, emergency)
        throw new Error("no")
      }),
    ).rejects.toThrow("no")
  })
  const id = await clinic.wk.run(session, () => declareBreakGlass(clinic.wk, emergency))
  await clinic.issuer.openBreakGlass({ id, session })
  const boss = await clinic.session("chief-1")
  await clinic.wk.run(boss, () => reviewBreakGlass(clinic.wk, { id, verdict: "justified", note: "seen" }))
  const events = await clinic.admin<{ actor: string; role: string }>(
    "select actor, role, branch, subject, detail::json ->> 'phase' as phase, detail::json ->> 'verdict' as verdict, detail like '%fall%' as told from wardkeep_audit.event where verb = 'break_glass' order by id",
  )
  expect(events).toEqual([
    { actor: "asha", role: "doctor", branch: place.branch, subject, phase: "declared", verdict: null, told: false },
    { actor: "asha", role: "doctor", branch: place.branch, subject, phase: "opened", verdict: null, told: false },
    {
      actor: "chief-1",
      role: "chief",
      branch: place.branch,
      subject,
      phase: "reviewed",
      verdict: "justified",
      told: false,
    },
  ])
})

it("the trigger that records emergencies fires in replicas too, also after an apply that found it off", async () => {
  const { policy, asOwner } = clinic.host
  const enabled = async (): Promise<unknown> =>
    (await clinic.admin("select tgenabled::text as mode from pg_trigger where tgname = 'wk_sealed_emergency'"))[0]
  expect(await enabled()).toEqual({ mode: "A" })
  await clinic.admin("alter table wardkeep.break_glass disable trigger wk_sealed_emergency")
  await asOwner((client) => apply({ client, policy, extensions: [audit] }))
  expect(await enabled()).toEqual({ mode: "A" })
})
