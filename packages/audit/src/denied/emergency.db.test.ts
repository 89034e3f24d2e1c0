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

it("an emergency is in the sealed log: declared, opened, resumed in another session and reviewed, without its explanation", async () => {
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
  await clinic.issuer.endSession(session.id, "idle for too long")
  const again = await clinic.session("asha", { mfaAt: new Date() })
  for (const _ of ["back at the desk", "the page once more"]) await clinic.issuer.openBreakGlass({ id, session: again })
  const boss = await clinic.session("chief-1")
  await clinic.wk.run(boss, () => reviewBreakGlass(clinic.wk, { id, verdict: "justified", note: "seen" }))
  const events = await clinic.admin<{ actor: string; role: string; session: string }>(
    "select actor, role, session, branch, subject, detail::json ->> 'phase' as phase, detail::json ->> 'verdict' as verdict, detail like '%fall%' as told from wardkeep_audit.event where verb = 'break_glass' order by id",
  )
  const where = { branch: place.branch, subject, told: false }
  expect(events).toEqual([
    ...[
      ["declared", session.id],
      ["opened", session.id],
      ["resumed", again.id],
    ].map(([phase, of]) => ({ actor: "asha", role: "doctor", session: of, ...where, phase, verdict: null })),
    { actor: "chief-1", role: "chief", session: boss.id, ...where, phase: "reviewed", verdict: "justified" },
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
