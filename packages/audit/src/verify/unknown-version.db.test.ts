import { generateKeyPairSync } from "node:crypto"
import { asOwner } from "@wardkeep/postgres/migrate"
import type pg from "pg"
import { beforeAll, expect, it } from "vitest"
import { installAudited } from "#tests/fixture/audited.ts"
import { type Clinic, connected, withLogin } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { OpenLogs } from "../seal/batch.js"
import { checkpointNote, signerFrom } from "../seal/note.js"
import { openSealer } from "../seal/sealer.js"
import { rootOf } from "../seal/tree.js"
import { trustedKeys, type Verification, verifyDatabase } from "./index.js"

const database = useDatabase()
const { privateKey, publicKey } = generateKeyPairSync("ed25519")
const signer = signerFrom(privateKey.export({ type: "pkcs8", format: "pem" }).toString())
const keys = trustedKeys([publicKey.export({ type: "spki", format: "pem" }).toString()])
let clinic: Clinic
let origin = ""

beforeAll(async () => {
  clinic = await installAudited(database.ownerUrl)
  const { deployment } = clinic.policy
  origin = await connected(withLogin(database.ownerUrl, clinic.logins.migrator), (client) =>
    asOwner(client, clinic.policy, async () => {
      const sealer = await openSealer({ client, deployment, signer, heartbeat: 0 })
      const { checkpoint } = await sealer.seal()
      await sealer.close()
      return checkpoint?.split("\n")[0] ?? ""
    }),
  )
})

/** What verification says once a later sealer appended this to the deployment's log and signed it, and `sql`; then it is undone. */
const sealedLater = (entry: Buffer, sql = "select 1"): Promise<Verification> =>
  connected(database.adminUrl, async (superuser) => {
    await superuser.query("begin")
    try {
      const logs = new OpenLogs(superuser)
      await logs.appendEntry("", entry, new Date().toISOString())
      await logs.flush()
      for (const { id, frontier } of logs.touched)
        await superuser.query("insert into wardkeep_audit.checkpoint (log, size, note) values ($1, $2, $3)", [
          id,
          frontier.size,
          checkpointNote(signer, origin, frontier.size, rootOf(frontier)),
        ])
      await superuser.query(sql)
      const query = async (text: string, values?: unknown[]) =>
        /^(begin|rollback)/.test(text) ? { rows: [] } : await superuser.query(text, values)
      return await verifyDatabase({ client: { query } as unknown as pg.Client, keys })
    } finally {
      await superuser.query("rollback")
    }
  })

const tag = Buffer.alloc(72, 1)
const known = 1
const [version, kind] = [2, 3]

it.each([
  ["of a later version", Buffer.concat([Buffer.of(version, kind), tag])],
  ["of a kind that this version has not", Buffer.concat([Buffer.of(known, 9), tag])],
  ["longer than its version says", Buffer.concat([Buffer.of(known, kind), tag, Buffer.of(0)])],
])("a signed entry %s is WK407, never passed over; where something is wrong, that is said", async (_, entry) => {
  await expect(sealedLater(entry)).rejects.toMatchObject({
    code: "WK407",
    message: expect.stringContaining("1 entries are of a version that this verifier does not know"),
  })
  const edited = "update wardkeep_audit.leaf set hash = sha256('x') where index = 0"
  const { ok, verdicts } = await sealedLater(entry, edited)
  expect([ok, verdicts[0]?.name]).toEqual([false, "EDITED"])
})
