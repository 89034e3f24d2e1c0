import { generateKeyPairSync, randomBytes } from "node:crypto"
import { definePolicy } from "@wardkeep/core"
import type pg from "pg"
import { beforeAll, describe, expect, it } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { detectionDocument } from "#tests/fixture/policy.ts"
import { whileSwallowed } from "#tests/fixture/swallowed.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "../compile/audit.js"
import { readAccesses } from "../detect/accesses.js"
import { reviewAccess } from "../detect/review.js"
import { eraseSubject } from "../erase/erase.js"
import { revokeShare, share } from "../handling/share.js"
import { placeLogHold, releaseLogHold } from "../retention/hold.js"
import { recordViews } from "../views/recorder.js"
import { signerFrom } from "./note.js"
import { openSealer } from "./sealer.js"

const { doctor } = detectionDocument.roles
const used = useClient(useDatabase(), {
  policy: definePolicy({
    ...detectionDocument,
    deployment: `u${randomBytes(4).toString("hex")}`,
    roles: {
      ...detectionDocument.roles,
      doctor: { ...doctor, can: { ...doctor.can, patient: { read: true, update: true, share: true } } },
    },
  } as never),
  extensions: [audit],
  views: recordViews,
})
const { privateKey } = generateKeyPairSync("ed25519")
const signer = signerFrom(privateKey.export({ type: "pkcs8", format: "pem" }).toString())
const asDoctor = <T>(work: () => Promise<T>): Promise<T> => used.wk.run(used.doctor, work)
const asked = <T>(work: (client: pg.Client, tenant: string) => Promise<T>): Promise<T> =>
  used.owner((client) => work(client, used.clinic.branches[0].clinic))
const asReviewer = async <T>(work: () => Promise<T>): Promise<T> =>
  await used.wk.run(await used.newSession("privacy", 0), work)
const window = () => ({
  client: used.wk,
  from: new Date(Date.now() - 3_600_000).toISOString(),
  to: new Date(Date.now() + 60_000).toISOString(),
  reason: "weekly",
})
const hold = { authority: "court", reason: "case 3" }
const count = async (table: string): Promise<number> =>
  (await used.admin<{ n: number }>(`select count(*)::int as n from wardkeep_audit.${table}`))[0]?.n ?? -1
let patients: string[] = []

async function seal(): Promise<void> {
  await used.owner(async (client) => {
    const sealer = await openSealer({ client, deployment: used.clinic.policy.deployment, signer, heartbeat: 0 })
    await sealer.seal()
    await sealer.close()
  })
}

/** Has a rule of a superuser's swallow events of one kind, while everything else is taken. */
async function whileRuled(like: string, work: () => Promise<void>): Promise<void> {
  await used.admin(
    `create rule quiet as on insert to wardkeep_audit.event where new.detail like '${like}' do instead nothing`,
  )
  try {
    await work()
  } finally {
    await used.admin("drop rule quiet on wardkeep_audit.event")
  }
}

/** Each prepares something and answers with the act. */
const acts: Record<string, { readonly like: string; readonly prepare: () => Promise<() => Promise<unknown>> }> = {
  "taking a share back": {
    like: "%revoked%",
    prepare: async () => {
      const until = new Date(Date.now() + 3_600_000)
      const what = { relation: "public.patient", record: patients[0] ?? "", recipient: "Dr Rao", until }
      const { id } = await asDoctor(() => share(used.wk, what))
      return async () => expect(await asDoctor(() => revokeShare(used.wk, id))).toBe(true)
    },
  },
  "reading the accesses": {
    like: '%"asked" : "accesses"%',
    prepare: async () => () => asReviewer(() => readAccesses(window())),
  },
  "a review": {
    like: '%"outcome"%',
    prepare: async () => {
      await asDoctor(() => used.wk.query("select id, full_name from patient where id = $1", [patients[1]]))
      const rows = await asReviewer(() => readAccesses(window()))
      const found = rows.find(({ subject, actor }) => subject === patients[1] && actor === "doctor-0")
      const of = { event: found?.event ?? "", subject: patients[1] ?? "" }
      const review = { client: used.wk, of, outcome: "legitimate", reason: "asked for" } as const
      return () => asReviewer(() => reviewAccess(review))
    },
  },
  "placing a hold": {
    like: "%placed%",
    prepare: async () => async () => {
      const id = await asked((client, tenant) => placeLogHold({ client, tenant, ...hold, subject: patients[2] ?? "" }))
      await asked((client) => releaseLogHold({ client, hold: id, reason: "over" }))
    },
  },
  "releasing a hold": {
    like: "%released%",
    prepare: async () => {
      const id = await asked((client, tenant) => placeLogHold({ client, tenant, ...hold, subject: patients[2] ?? "" }))
      return () => asked((client) => releaseLogHold({ client, hold: id, reason: "over" }))
    },
  },
  "an erasure": {
    like: '%"reason" : "request 18"%',
    prepare: async () => {
      await asDoctor(() => used.wk.query("update patient set phone = phone || '1' where id = $1", [patients[3]]))
      await seal()
      const what = { subject: patients[3] ?? "", reason: "request 18" }
      return () => asked((client, tenant) => eraseSubject({ client, tenant, ...what }))
    },
  },
  "an erasure that says again what is about others": {
    like: '%"restates"%',
    prepare: async () => {
      const both = [patients[3], patients[4]]
      await asDoctor(() => used.wk.query("select id, full_name from patient where id = any ($1)", [both]))
      await seal()
      const what = { subject: patients[4] ?? "", reason: "request 19" }
      return () => asked((client, tenant) => eraseSubject({ client, tenant, ...what }))
    },
  },
  "a refusal": {
    like: "%42501%",
    prepare: async () => () => asDoctor(() => used.wk.query(`select wardkeep_audit.record_denied('{"code":"42501"}')`)),
  },
  "the number of refusals that were only counted": {
    like: '%"more"%',
    prepare: async () => {
      const deny = (n: number): Promise<unknown> =>
        asDoctor(() => used.wk.query(`select wardkeep_audit.record_denied('{"code":"42501","n":${n}}')`))
      await deny(30)
      await used.admin("update wardkeep_audit.denial set minute = minute - interval '2 minutes'")
      return () => deny(1)
    },
  },
  "a key that is retired": {
    like: "%retired%",
    prepare: async () => () =>
      asked((client) =>
        client.query("select wardkeep_audit.retire_key($1, $2, 'yearly')", [
          "a".repeat(64),
          randomBytes(32).toString("hex"),
        ]),
      ),
  },
  "another incarnation": {
    like: "%restored%",
    prepare: async () => () =>
      asked((client) => client.query("select wardkeep_audit.begin_incarnation('x', 'restored')")),
  },
}

beforeAll(async () => {
  const place = used.clinic.branches[0]
  const rows = await used.admin<{ id: string }>("select id from patient where branch_id = $1 order by id", [
    place.branch,
  ])
  patients = rows.map(({ id }) => id)
})

describe("where the log takes no event, it is refused and nothing is changed:", () => {
  const tables = ["event", "hold", "erased", "access_review", "share where revoked_at is not null"]
  it.each(Object.entries(acts))("%s", async (_, { like, prepare }) => {
    const act = await prepare()
    const before = await Promise.all(tables.map(count))
    for (const during of [whileSwallowed.bind(null, used.owner), whileRuled.bind(null, like)])
      await during(async () => await expect(act()).rejects.toMatchObject({ code: "WK461" }))
    expect(await Promise.all(tables.map(count))).toEqual(before)
    await act()
    expect(await count("event")).toBeGreaterThan(before[0] ?? 0)
  })
})
