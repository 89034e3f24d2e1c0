import { type Bundle, type BundleOptions, writeBundle } from "@wardkeep/audit"
import type { Policy } from "@wardkeep/core"
import type { Connection } from "../../connection/owner.js"
import { withAuditLog } from "./owner.js"
import { wholeFile } from "./whole-file.js"

export interface BundleFileOptions extends Pick<BundleOptions, "tenant" | "subject" | "reason"> {
  readonly policy: Policy
  readonly connection: Connection
  readonly path: string
  /** The file as the caller named it. */
  readonly shown: string
}

/**
 * Writes a bundle to a file that appears only when it is whole.
 *
 * @throws WK408 nothing sealed · WK009 the file or the reason · WK002 · WK005 · WK307
 */
export async function bundle(options: BundleFileOptions): Promise<Bundle> {
  const { policy, connection, path, shown, ...asked } = options
  return await wholeFile(path, shown, (write) =>
    withAuditLog(connection, policy, (client) =>
      writeBundle({ client, deployment: policy.deployment, write, ...asked }),
    ),
  )
}
