import type { DeploymentEntry } from "./entries.js"
import type { Verdict } from "./verdict.js"

type Batch = Extract<DeploymentEntry, { kind: "batch" }>

interface Attested {
  readonly triggers: number
  readonly state: string
  readonly functions: string
  readonly policy: string
  readonly off: readonly string[]
}

/** Windows in which writes may not have been recorded, from what two batches in a row attest. */
export function captureGap(origin: string, before: Batch | undefined, now: Batch): Verdict | undefined {
  const is: Attested = JSON.parse(now.capture)
  const window = `${before === undefined ? "before" : `between ${before.at.toISOString()} and`} ${now.at.toISOString()}`
  const gap = (what: string): Verdict => ({ name: "GAP_OF_CAPTURE", origin, message: `${what}, ${window}` })
  if (is.off.length > 0) return gap(`capture was switched off: ${is.off.join(", ")}`)
  if (is.triggers === 0) return gap("no table was recorded")
  if (before === undefined) return undefined
  const was: Attested = JSON.parse(before.capture)
  const same = was.state === is.state && was.functions === is.functions
  return same || was.policy !== is.policy ? undefined : gap("capture was changed without an apply")
}
