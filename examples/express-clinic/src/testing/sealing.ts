import { generateKeyPairSync } from "node:crypto"
import { setTimeout as wait } from "node:timers/promises"
import { openSealer, signerFrom } from "wardkeep/audit"
import { asOwner } from "wardkeep/migrate"
import { connected } from "../database/connected.js"
import policy from "../policy.js"

/** Does `work` beside a sealer of the audit log, as `wardkeep audit seal` runs beside a clinic: a destruction waits for one. */
export async function whileSealing<T>(migratorUrl: string, work: () => Promise<T>): Promise<T> {
  const { privateKey } = generateKeyPairSync("ed25519")
  const signer = signerFrom(privateKey.export({ type: "pkcs8", format: "pem" }).toString())
  let over = false
  const sealing = connected(migratorUrl, (client) =>
    asOwner(client, policy, async () => {
      const sealer = await openSealer({ client, deployment: policy.deployment, signer, heartbeat: 0 })
      while (!over) {
        await sealer.seal()
        await wait(200)
      }
    }),
  )
  try {
    return await work()
  } finally {
    over = true
    await sealing
  }
}
