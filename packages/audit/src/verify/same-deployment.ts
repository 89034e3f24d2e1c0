import { WardkeepError } from "@wardkeep/core"
import type { Checkpoint } from "./note.js"

/**
 * @param names others under which the log was signed, as it says itself
 * @throws WK406 a checkpoint that was kept is of another deployment: comparing would say nothing
 */
export function requireSameDeployment(
  log: string,
  kept: readonly Checkpoint[],
  names: ReadonlySet<string> = new Set(),
): void {
  const known = new Set([log, ...names].map(base))
  const other = kept.find((head) => head.signature === "valid" && !known.has(base(head.origin)))
  if (other === undefined) return
  throw new WardkeepError("WK406", {
    message: `what is shown is of ${base(log)}, an anchor is of ${base(other.origin)}`,
  })
}

/**
 * The same for what shows one name only: after a rebase, a store of anchors holds those of the older names too. They are compared
 * with nothing, as long as there is one of this name.
 *
 * @throws WK406
 */
export function requireAnchorsOf(log: string, kept: readonly Checkpoint[]): void {
  const deployment = (origin: string): string => origin.split("/").slice(0, 2).join("/")
  const isOwn = kept.some(({ origin, signature }) => signature === "valid" && base(origin) === base(log))
  const others = kept.filter(({ origin }) => !isOwn || deployment(origin) !== deployment(log))
  requireSameDeployment(log, others)
}

/** The deployment's log of which this name is, or is a tenant's. */
const base = (origin: string): string => origin.split("/").slice(0, 3).join("/")
