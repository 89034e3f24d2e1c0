import type { BatchEntry } from "./entries.js"
import type { Verdict } from "./verdict.js"

/** What a batch says about capture. */
export interface Attested {
  readonly triggers: number
  readonly state: string
  readonly functions: string
  readonly policy: string
  readonly off: readonly string[]
}

/** @throws it is not what a batch says; whoever wrote the bytes may be anybody */
export function attested(text: string): Attested {
  const { triggers, state, functions, policy, off } = JSON.parse(text)
  const isText = [state, functions, policy].every((each) => typeof each === "string")
  if (typeof triggers !== "number" || !isText || !Array.isArray(off)) throw new Error("not a capture")
  return { triggers, state, functions, policy, off: off.map(String) }
}

/** Windows in which writes may not have been recorded, from what two batches in a row attest. */
export function captureGap(origin: string, before: BatchEntry | undefined, now: BatchEntry): Verdict | undefined {
  const is = now.capture
  const window = `${before === undefined ? "before" : `between ${before.at.toISOString()} and`} ${now.at.toISOString()}`
  const gap = (what: string): Verdict => ({ name: "GAP_OF_CAPTURE", origin, message: `${what}, ${window}` })
  if (is.off.length > 0) return gap(`capture was switched off or got round: ${is.off.join(", ")}`)
  if (is.triggers === 0) return gap("no table was recorded")
  // Of another database, such as after pg_upgrade, the numbers of transactions and of functions say nothing; a rebase says so itself.
  if (before === undefined || before.incarnation !== now.incarnation) return undefined
  return isChanged(before.capture, is) ? gap("capture was changed without an apply") : undefined
}

/** The same of a database as it is, which no batch attests yet: the next one will. */
export function captureGapNow(origin: string, before: BatchEntry, is: Attested): Verdict | undefined {
  if (is.triggers === 0) return { name: "GAP_OF_CAPTURE", origin, message: "no table is recorded now" }
  if (!isChanged(before.capture, is)) return undefined
  const message = `capture was changed without an apply, since ${before.at.toISOString()}: ${before.capture.triggers} triggers recorded then, ${is.triggers} do now`
  return { name: "GAP_OF_CAPTURE", origin, message }
}

function isChanged(was: Attested, is: Attested): boolean {
  const same = was.state === is.state && was.functions === is.functions
  return !same && was.policy === is.policy
}
