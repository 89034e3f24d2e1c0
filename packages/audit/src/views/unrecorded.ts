import { WardkeepError } from "@wardkeep/core"
import type { ObservedCall } from "@wardkeep/postgres/client"
import type { TableView } from "./analysis.js"

/** @throws WK412 */
export function refuse({ site }: ObservedCall, { relation, strict }: TableView): never {
  const where = site()
  throw new WardkeepError("WK412", {
    message: `${relation}: ${strict.join(", ")} would be shown without saying whose${where === undefined ? "" : `, by the call at ${where}`}`,
  })
}

/** What the caller is told where a view could not be recorded: WK411, or what Wardkeep said itself. */
export function unrecorded(cause: unknown): unknown {
  if (cause instanceof WardkeepError) return cause
  return new WardkeepError("WK411", { message: "the view could not be recorded, and no row was shown", cause })
}
