import { randomBytes, randomUUID } from "node:crypto"
import { describe, expect, it } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { policyWithHandling } from "#tests/fixture/policy.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "../compile/audit.js"
import { download } from "../handling/transfer.js"
import { recordRefusals } from "./refusals.js"

const used = useClient(useDatabase(), {
  policy: policyWithHandling(`s${randomBytes(4).toString("hex")}`),
  extensions: [audit],
  refusals: recordRefusals,
})
const denied = async (session: string): Promise<unknown[]> =>
  await used.admin(
    "select detail::json ->> 'code' as code, detail::json ->> 'action' as action from wardkeep_audit.event where verb = 'deny' and session = $1",
    [session],
  )

describe("a download that is asked by SQL and refused is recorded, whatever its text:", () => {
  it.each([
    ["select wardkeep_audit.begin_handling($1::jsonb) as answer", "public.note", "WK430"],
    ["select wardkeep_audit.begin_handling($1::jsonb) as answer", "public.patient", "WK431"],
    ["select wardkeep_audit.begin_handling($1::jsonb)", "public.patient", "WK431"],
  ])("%s of %s, %s", async (text, relation, code) => {
    const wk = used.make()
    const session = await used.newSession("doctor", 0, ["care"])
    const what = JSON.stringify({ verb: "download", relation, records: [randomUUID()] })
    await expect(wk.run(session, () => wk.query(text, [what], { reads: [] }))).rejects.toMatchObject({ code })
    await wk.close()
    expect(await denied(session.id)).toEqual([{ code, action: null }])
  })

  it("with the client's text by a role that has no such cell at all", async () => {
    const wk = used.make()
    const [place] = used.clinic.branches
    const session = await used.issuer.issueSession({
      actor: "locum-0",
      mfaAt: new Date(),
      ttl: "PT1H",
      assignments: [
        {
          tenant: place.clinic,
          branches: [place.branch],
          role: "locum",
          purposes: ["care"],
          validUntil: new Date(Date.now() + 3_600_000),
        },
      ],
    })
    const what = JSON.stringify({ verb: "export", relation: "public.visit" })
    const text = "select wardkeep_audit.begin_handling($1::jsonb) as answer"
    const refused = wk.run(session, () => wk.query(text, [what])).catch((error: unknown) => error)
    expect(["WK430", "42501"]).toContain(((await refused) as { code: string }).code)
    await wk.close()
    expect(await denied(session.id)).toHaveLength(1)
  })

  it("and one that the package itself asks for is recorded once, with what was to be done", async () => {
    const wk = used.make()
    const session = await used.newSession("doctor", 0, ["care"])
    async function* bytes(): AsyncGenerator<string> {
      yield "x"
    }
    const what = { relation: "public.patient", records: [randomUUID()] }
    await expect(wk.run(session, () => download(wk, what, bytes()))).rejects.toMatchObject({ code: "WK431" })
    await wk.close()
    expect(await denied(session.id)).toEqual([{ code: "WK431", action: "download" }])
  })
})
