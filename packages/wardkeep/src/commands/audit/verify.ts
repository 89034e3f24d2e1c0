import { createReadStream } from "node:fs"
import {
  type BundleVerification,
  trustedKeys,
  type Verification,
  verifyBundle,
  verifyDatabase,
} from "@wardkeep/audit/verify"
import { type Policy, WardkeepError } from "@wardkeep/core"
import type { Connection } from "../../connection/owner.js"
import { withAuditLog } from "./owner.js"

interface Trusted {
  /** Ed25519 public keys as PEM, from somebody who is trusted. */
  readonly keys: readonly string[]
  /** Checkpoints that were kept elsewhere. */
  readonly anchors: readonly string[]
}

/**
 * Verifies the log of a database in one snapshot.
 *
 * @throws WK402 a key · WK407 unknown version · WK002 · WK005 · WK307
 */
export async function verifyLog(
  options: Trusted & { readonly policy: Policy; readonly connection: Connection },
): Promise<Verification> {
  const { policy, connection, anchors } = options
  const keys = trustedKeys(options.keys)
  return await withAuditLog(connection, policy, (client) => verifyDatabase({ client, keys, anchors }))
}

/**
 * Verifies a bundle with neither database nor network.
 *
 * @throws WK402 a key · WK405 truncated, damaged, or none · WK406 another deployment · WK407 unknown version · WK009 no such file
 */
export async function verifyFile(
  options: Trusted & { readonly path: string; readonly shown: string },
): Promise<BundleVerification> {
  const { path, shown, anchors } = options
  const keys = trustedKeys(options.keys)
  const file = createReadStream(path)
  const bytes = async function* (): AsyncIterable<Uint8Array> {
    try {
      yield* file
    } catch (cause) {
      throw new WardkeepError("WK009", { message: `${shown} cannot be read`, hint: "Check the file's name.", cause })
    }
  }
  try {
    return await verifyBundle({ bytes: bytes(), keys, anchors })
  } finally {
    file.destroy()
  }
}
