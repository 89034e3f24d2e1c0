import { generateKeyPairSync, randomBytes } from "node:crypto"
import { expect, it } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { connected } from "#tests/fixture/clinic.ts"
import { policyWithHandling } from "#tests/fixture/policy.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "../compile/audit.js"
import { recordFailedLogin } from "../denied/failed-login.js"
import { eraseSubject } from "../erase/erase.js"
import { signerFrom } from "../seal/note.js"
import { openSealer } from "../seal/sealer.js"
import { trustedKeys, verifyDatabase } from "../verify/index.js"
import { openShare, share } from "./share.js"
import { download } from "./transfer.js"

const database = useDatabase()
const used = useClient(database, {
  policy: policyWithHandling(`s${randomBytes(4).toString("hex")}`),
  extensions: [audit],
})
const key = generateKeyPairSync("ed25519")

async function faults(): Promise<string[]> {
  const keys = trustedKeys([key.publicKey.export({ type: "spki", format: "pem" }).toString()])
  const { verdicts } = await connected(database.adminUrl, (client) => verifyDatabase({ client, keys }))
  return verdicts.map(({ name }) => name)
}

async function seal(): Promise<void> {
  const signer = signerFrom(key.privateKey.export({ type: "pkcs8", format: "pem" }).toString())
  const { deployment } = used.clinic.policy
  await used.owner(async (client) => {
    const sealer = await openSealer({ client, deployment, signer, heartbeat: 0 })
    await sealer.seal()
  })
}

it("what left and what was refused is sealed like the rest, found when it is changed, and outlives the person's erasure", async () => {
  const [place] = used.clinic.branches
  const [patient] = await used.admin<{ id: string }>("select id from patient where branch_id = $1 limit 1", [
    place.branch,
  ])
  const record = patient?.id ?? ""
  const made = await used.wk.run(used.doctor, async () => {
    const bytes = async function* (): AsyncGenerator<string> {
      yield "x"
    }
    for await (const _ of await download(used.wk, { relation: "public.patient", records: [record] }, bytes()));
    await download(used.wk, { relation: "public.patient", records: [record] }, bytes())
    await expect(download(used.wk, { relation: "public.note", records: [record] }, bytes())).rejects.toThrow()
    const until = new Date(Date.now() + 3_600_000)
    return await share(used.wk, { relation: "public.patient", record, recipient: "Dr Rao", until, opens: 5 })
  })
  await used.wk.run(used.doctor, () => openShare(used.wk, made))
  await connected(database.url(used.clinic.logins.issuer), (client) =>
    recordFailedLogin(client, { actor: "nobody", reason: "password" }),
  )
  await seal()
  expect(await faults()).toEqual([])
  await used.admin(
    "update wardkeep_audit.event set detail = replace(detail, 'completed', 'aborted') where verb = 'download'",
  )
  expect(await faults()).toContain("EDITED")
  await used.admin(
    "update wardkeep_audit.event set detail = replace(detail, 'aborted', 'completed') where verb = 'download'",
  )
  expect(await faults()).toEqual([])

  await used.owner((client) => eraseSubject({ client, tenant: place.clinic, subject: record, reason: "request 18" }))
  await seal()
  expect(await faults()).toEqual([])
  const kept = await used.admin<{ text: string }>(
    "select e::text as text from wardkeep_audit.event e union all select s::text from wardkeep_audit.share s union all select t::text from wardkeep_audit.transfer t",
  )
  expect(kept.filter(({ text }) => text.includes(record) || text.includes("Dr Rao"))).toEqual([])
  await used.wk.run(used.doctor, async () => {
    await expect(openShare(used.wk, made)).rejects.toMatchObject({ code: "WK432" })
  })
})
