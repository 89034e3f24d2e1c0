import { generateKeyPairSync } from "node:crypto"
import { asOwner, type Queryable } from "@wardkeep/postgres/migrate"
import type pg from "pg"
import { beforeAll, expect, it } from "vitest"
import { installAudited } from "#tests/fixture/audited.ts"
import { type Clinic, connected } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { signerFrom } from "./note.js"
import { openSealer, type Sealer } from "./sealer.js"

const database = useDatabase({ pooler: { poolSize: 4 } })
const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString()
let clinic: Clinic

beforeAll(async () => {
  clinic = await installAudited(database.ownerUrl)
})

const open = (client: Queryable): Promise<Sealer> =>
  openSealer({ client, deployment: clinic.policy.deployment, signer: signerFrom(pem), heartbeat: 0 })

async function facts(): Promise<{ signed: number; locks: number; fence: number }> {
  const { rows } = await connected(database.adminUrl, (client) =>
    client.query(`select (select count(*)::int from wardkeep_audit.checkpoint) as signed,
      (select fence::int from wardkeep_audit.seal_state) as fence,
      (select count(*)::int from pg_locks l join pg_database d on d.oid = l.database
        where l.locktype = 'advisory' and d.datname = current_database()) as locks`),
  )
  return rows[0]
}

it("refuses to seal through a pooler, and leaves nothing in its sessions", async () => {
  await connected(database.appUrl(clinic.logins.migrator), (client) =>
    asOwner(client, clinic.policy, async () => {
      await expect(open(client)).rejects.toMatchObject({ code: "WK410" })
    }),
  )
  expect(await facts()).toEqual({ signed: 0, locks: 0, fence: 0 })
})

it("signs nothing where a client does not tell and its transaction is given another process", async () => {
  await connected(database.appUrl(clinic.logins.migrator), async (client) => {
    const silent = { query: (text: string, values?: unknown[]) => client.query(text, values) } as Queryable
    await client.query("begin")
    // Inside a transaction the pooler keeps to one process: the place is taken there, and the next one is elsewhere.
    await client.query(`set role wk_${clinic.policy.deployment}_owner`)
    const sealer = await open(silent)
    await client.query("commit")
    await holding(async () => {
      await expect(sealer.seal()).rejects.toMatchObject({ code: "WK410" })
    })
  })
  expect(await facts()).toMatchObject({ signed: 0 })
})

/** While the process that the pooler would give first is busy. */
async function holding(work: () => Promise<void>): Promise<void> {
  await connected(database.appUrl(clinic.logins.migrator), async (other: pg.Client) => {
    await other.query("begin")
    const { rows } = await other.query(
      "select count(*)::int as n from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()",
    )
    expect(rows[0].n).toBe(1)
    await work()
    await other.query("rollback")
  })
}
