import { open, rename, rm } from "node:fs/promises"
import { type Bundle, type BundleOptions, writeBundle } from "@wardkeep/audit"
import { type Policy, WardkeepError } from "@wardkeep/core"
import type { Connection } from "../../connection/owner.js"
import { withAuditLog } from "./owner.js"

export interface BundleFileOptions extends Pick<BundleOptions, "tenant" | "subject" | "reason"> {
  readonly policy: Policy
  readonly connection: Connection
  readonly path: string
  /** The file as the caller named it. */
  readonly shown: string
}

/** Characters written at once. */
const piece = 1024 * 1024

/**
 * Writes a bundle to a file that appears only when it is whole.
 *
 * @throws WK408 nothing sealed · WK009 the file or the reason · WK002 · WK005 · WK307
 */
export async function bundle(options: BundleFileOptions): Promise<Bundle> {
  const { policy, connection, path, shown, ...asked } = options
  const partial = `${path}.partial`
  const unwritable = (cause: unknown): never => {
    throw new WardkeepError("WK009", { message: `${shown} cannot be written`, hint: "Check folder and disk.", cause })
  }
  const file = await open(partial, "wx", 0o600).catch(unwritable)
  try {
    let waiting = ""
    const flush = async (): Promise<void> => {
      await file.writeFile(waiting).catch(unwritable)
      waiting = ""
    }
    const write = async (text: string): Promise<void> => {
      waiting += text
      if (waiting.length > piece) await flush()
    }
    const made = await withAuditLog(connection, policy, (client) =>
      writeBundle({ client, deployment: policy.deployment, write, ...asked }),
    )
    await flush()
    await file.sync().catch(unwritable)
    await rename(partial, path).catch(unwritable)
    return made
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  } finally {
    await file.close()
  }
}
