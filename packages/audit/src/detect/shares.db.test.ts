import { randomBytes } from "node:crypto"
import { expect, it } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { policyWithDetectionAndHandling } from "#tests/fixture/policy.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "../compile/audit.js"
import { openShare, revokeShare, share } from "../handling/share.js"
import { recordViews } from "../views/recorder.js"
import { readAccesses } from "./accesses.js"

const used = useClient(useDatabase(), {
  policy: policyWithDetectionAndHandling(`x${randomBytes(4).toString("hex")}`),
  extensions: [audit],
  views: recordViews,
})

it("that a record was shared is an access, as a download is; that the link was opened or taken back is none", async () => {
  const [patient] = await used.admin<{ id: string }>("select id from patient where branch_id = $1 limit 1", [
    used.clinic.branches[0].branch,
  ])
  const record = patient?.id ?? ""
  await used.wk.run(used.doctor, async () => {
    const until = new Date(Date.now() + 3_600_000)
    const made = await share(used.wk, { relation: "public.patient", record, recipient: "Dr Rao", until })
    await openShare(used.wk, made)
    await revokeShare(used.wk, made.id)
  })
  const window = { client: used.wk, from: new Date(Date.now() - 3_600_000).toISOString(), reason: "weekly review" }
  const to = new Date(Date.now() + 60_000).toISOString()
  const found = await used.wk.run(await used.newSession("privacy", 0), () => readAccesses({ ...window, to }))
  expect(found.filter(({ verb }) => verb === "share")).toMatchObject([
    { actor: "doctor-0", subject: record, relation: "public.patient", class: "named" },
  ])
})

it("what an event says is read by its member, however the text around it is written", async () => {
  const [found] = await used.admin<{ is: (boolean | null)[] }>(
    `select array_agg(wardkeep_audit.is_access(v, 'public.patient', d) order by n) as is from unnest($1::text[], $2::text[]) with ordinality u(v, d, n)`,
    [
      ["share", "share", "download", "download", "export", "share", "share", "update"],
      [
        '{"phase" : "begun"}',
        '{"phase":"begun"}',
        '{ "transfer" : "x", "phase" : "signed" }',
        '{"phase" : "completed"}',
        null,
        '{"phase" : "opened", "recipient" : "{\\"phase\\":\\"begun\\""}',
        '{"month":"2026-01"}',
        '{"phase":["begun",null]}',
      ],
    ],
  )
  expect(found?.is).toEqual([true, true, true, false, true, false, false, false])
})
