import { randomUUID } from "node:crypto"
import { expect } from "vitest"
import { startCeph } from "#tests/harness/src/ceph.ts"
import { startSigsumWitness } from "#tests/harness/src/sigsum-witness.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { checkpointNote } from "../../../packages/audit/src/seal/note.ts"
import { logKey, signer } from "./anchored-log.ts"
import { anchorsALog } from "./log-cases.ts"
import { asThief } from "./object-store-cases.ts"

anchorsALog(useDatabase(), async () => {
  const [ceph, witness] = await Promise.all([startCeph(), startSigsumWitness(logKey)])
  const bucket = { ...ceph, isConditional: false, bucket: `anchors-${randomUUID()}` }
  expect((await asThief(bucket, "PUT", "", { "x-amz-bucket-object-lock-enabled": "true" })).status).toBe(200)
  // Sigsum's witness knows logs by Sigsum's names: size, root and key are the log's own.
  const shown = (checkpoint: string): string => {
    const [, size = "", root = ""] = checkpoint.split("\n")
    return checkpointNote(signer, witness.origin, BigInt(size), Buffer.from(root, "base64"))
  }
  return { bucket, witness: { ...witness, shown }, stop: () => Promise.all([ceph.stop(), witness.stop()]) }
})
