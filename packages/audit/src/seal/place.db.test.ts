import { generateKeyPairSync } from "node:crypto"
import { asOwner } from "@wardkeep/postgres/migrate"
import pg from "pg"
import { afterEach, beforeAll, expect, it, vi } from "vitest"
import { installAudited } from "#tests/fixture/audited.ts"
import { type Clinic, connected, withLogin } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { signerFrom } from "./note.js"
import { openSealer, type Sealer } from "./sealer.js"

const database = useDatabase()
const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString()
const open: pg.Client[] = []
let clinic: Clinic

beforeAll(async () => {
  clinic = await installAudited(database.ownerUrl)
})

afterEach(async () => {
  for (const client of open.splice(0)) await client.end()
})

async function login(name: "app" | "migrator"): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: withLogin(database.ownerUrl, clinic.logins[name]) })
  await client.connect()
  open.push(client)
  return client
}

/** Works while `work` does; a sealer of its own connection. */
async function sealing<T>(work: (sealer: Sealer) => Promise<T>): Promise<T> {
  return await connected(withLogin(database.ownerUrl, clinic.logins.migrator), (client) =>
    asOwner(client, clinic.policy, async () => {
      const { deployment } = clinic.policy
      return await work(await openSealer({ client, deployment, signer: signerFrom(pem), heartbeat: 0 }))
    }),
  )
}

const shown = async (client: pg.Client): Promise<string[]> => {
  const { rows } = await client.query<{ key: string }>(
    `select ((classid::bigint << 32) | objid::bigint)::text as key from pg_locks where locktype = 'advisory' and granted
        and database = (select oid from pg_database where datname = current_database())`,
  )
  return rows.map(({ key }) => key)
}

it("is one sealer's, and no login of the application can keep the next one from it", async () => {
  const app = await login("app")
  const waiting = await sealing(async (sealer) => {
    await expect(sealing(async () => undefined)).rejects.toMatchObject({ code: "WK403" })
    expect((await sealer.seal()).checkpoint).not.toBeNull()
    const keys = await shown(app)
    expect(keys).toHaveLength(1)
    // In the queue behind the sealer, so that the lock is its own the moment the sealer leaves.
    const queued = app.query("select pg_advisory_lock($1)", keys)
    await sealer.close()
    return { queued, keys }
  })
  await waiting.queued
  expect(await shown(app)).toEqual(waiting.keys)
  await sealing(async (sealer) => {
    expect((await sealer.seal()).checkpoint).not.toBeNull()
    expect(await shown(app)).toHaveLength(2)
    await expect(sealing(async () => undefined)).rejects.toMatchObject({ code: "WK403" })
    await sealer.close()
  })
})

it("is given up with the connection of the process that had it", async () => {
  await sealing(async () => undefined)
  // The server notices a moment later that the connection is gone.
  await vi.waitFor(() => sealing((sealer) => sealer.seal()), { timeout: 20_000, interval: 50 })
})
