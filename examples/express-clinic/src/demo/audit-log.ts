import { generateKeyPairSync } from "node:crypto"
import pg from "pg"
import { openSealer, signerFrom, trustedKeys, verifyDatabase } from "wardkeep/audit"
import { asOwner } from "wardkeep/migrate"
import policy from "../policy.js"
import type { Stage } from "./stage.js"

export interface AuditedDemo {
  readonly sealed: number
  readonly logs: number
  /** Nothing but OK, against the checkpoint that this process kept. */
  readonly ok: boolean
  readonly verdicts: readonly string[]
}

/** Seals what the day and the attempts left in the log with a key of this minute, and verifies it. */
export async function sealAndVerify({ migratorUrl, superuser }: Stage): Promise<AuditedDemo> {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519")
  const signer = signerFrom(privateKey.export({ type: "pkcs8", format: "pem" }).toString())
  const keys = trustedKeys([publicKey.export({ type: "spki", format: "pem" }).toString()])
  const migrator = new pg.Client({ connectionString: migratorUrl })
  await migrator.connect()
  try {
    const { events, checkpoint } = await asOwner(migrator, policy, async () => {
      const sealer = await openSealer({ client: migrator, deployment: policy.deployment, signer, heartbeat: 0 })
      return await sealer.seal()
    })
    const found = await verifyDatabase({ client: superuser, keys, anchors: checkpoint === null ? [] : [checkpoint] })
    const verdicts = found.verdicts.map(({ name, message }) => `${name}: ${message}`)
    return { sealed: events, logs: found.logs.length, ok: found.ok && found.anchored && events > 0, verdicts }
  } finally {
    await migrator.end()
  }
}
