import { generateKeyPairSync } from "node:crypto"
import { asOwner } from "@wardkeep/postgres/migrate"
import { beforeAll, expect, it } from "vitest"
import { installAudited } from "#tests/fixture/audited.ts"
import { type Clinic, connected, withLogin } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { signerFrom } from "./note.js"
import { openSealer } from "./sealer.js"

const database = useDatabase()
const signer = signerFrom(generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString())
let clinic: Clinic

beforeAll(async () => {
  clinic = await installAudited(database.ownerUrl)
  await seals()
})

/** Whether a batch was signed, by a sealer that lets a minute pass without events. */
async function seals(): Promise<boolean> {
  return await connected(withLogin(database.ownerUrl, clinic.logins.migrator), (client) =>
    asOwner(client, clinic.policy, async () => {
      const sealer = await openSealer({ client, deployment: clinic.policy.deployment, signer, heartbeat: 60_000 })
      const { checkpoint } = await sealer.seal()
      await sealer.close()
      return checkpoint !== null
    }),
  )
}

const sealedLast = (at: string): Promise<unknown> =>
  connected(database.adminUrl, (client) =>
    client.query("update wardkeep_audit.seal_state set sealed_at = clock_timestamp() + $1::interval", [at]),
  )

it.each([
  { at: "-1 second", signed: false },
  { at: "-61 seconds", signed: true },
  { at: "1 day", signed: true },
])("without events, sealed last at $at from now by the server's clock: signed $signed", async ({ at, signed }) => {
  await sealedLast(at)
  expect(await seals()).toBe(signed)
})

it("counts from the batch that was signed, also where the clock was set back before it", async () => {
  await sealedLast("1 day")
  expect(await seals()).toBe(true)
  expect(await seals()).toBe(false)
})
