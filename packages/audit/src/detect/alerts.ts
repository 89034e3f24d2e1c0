import { type Policy, WardkeepError } from "@wardkeep/core"
import { call } from "../handling/call.js"
import {
  type AccessCoverage,
  type AccessWindow,
  coverageOf,
  type ReviewSaid,
  readAccesses,
  readable,
} from "./accesses.js"
import { type ActorDay, aboutOf, type Overdue, type Refused, type RuleHit } from "./hit.js"
import { hitsOf } from "./rules.js"
import type { Measure } from "./volume.js"

/** What a rule found, what it rests on, and what became of it. */
export interface Alert extends RuleHit {
  /**
   * SHA-256 of the rule and the numbers of the accesses it rests on, as far as this reviewer sees them: who reaches other branches
   * may get another one. An erasure of somebody else beside the persons leaves it.
   */
  readonly id: string
  /** What the rule could not see, in sentences. */
  readonly coverage: readonly string[]
  /** What a review of this very alert said last. */
  readonly review: ReviewSaid | null
}

export interface Alerts {
  /** Oldest first; the same window and the same rows give the same ones in the same order. */
  readonly rows: readonly Alert[]
  /** Roles whose volume cannot be judged yet, and how many days there are. */
  readonly tooLittle: readonly Measure[]
  readonly coverage: AccessCoverage
}

interface Signals {
  readonly baseline: ActorDay[]
  readonly refusals: Refused[]
  readonly overdue: Overdue[]
  readonly coverage: { readonly since: string | null; readonly tables: number; readonly wholeTenant: boolean }
  readonly said: Readonly<Record<string, ReviewSaid>>
}

/**
 * What the rules of the policy file find in a window: each alert names its rule, says what happened and what it would be were
 * it nothing, and lists every event it rests on. An alert is a question, not a verdict; `reviewAccess` records the answer.
 *
 * @throws WK009 a policy without `detection` · WK435 not a reviewer · WK438 no window, or no reason · WK101, WK102 · WK103 inside a transaction
 * @example const { rows, tooLittle, coverage } = await alerts({ client: wk, policy, from, to, reason: "weekly review" })
 */
export async function alerts(window: AccessWindow & { readonly policy: Policy }): Promise<Alerts> {
  const { client, policy, from, to, reason } = window
  const { detection } = policy
  if (detection === null)
    throw new WardkeepError("WK009", {
      message: "the policy file has no detection",
      hint: "Say there what explains an access and who reviews the others.",
    })
  const accesses = await readAccesses(window)
  const signals = await signalsOf(client, [from, to, reason])
  const { hits, tooLittle } = hitsOf(detection, { ...signals, accesses })
  const coverage = coverageOf(signals.coverage, accesses)
  const numbers = new Map(accesses.map(({ event, access }) => [event, access]))
  const rows = hits.map((found): Alert => {
    const id = aboutOf(found.rule, found.events, numbers)
    return { ...found, id, coverage: coverage.gaps, review: signals.said[id] ?? null }
  })
  return { rows, tooLittle, coverage }
}

async function signalsOf(client: AccessWindow["client"], values: readonly string[]): Promise<Signals> {
  try {
    const found = await call<Signals>(client, "wardkeep_audit.access_signals($1, $2, $3)", [...values])
    if (found === null) throw new WardkeepError("WK901", { message: "access_signals answers" })
    const said = Object.entries(found.said).map(([about, one]) => [about, { ...one, at: utc(one.at) }] as const)
    return {
      ...found,
      refusals: found.refusals.map((one) => ({ ...one, at: utc(one.at) })),
      overdue: found.overdue.map((one) => ({
        ...one,
        at: utc(one.at),
        reviewed: one.reviewed === null ? null : utc(one.reviewed),
      })),
      said: Object.fromEntries(said),
    }
  } catch (error) {
    throw readable(error)
  }
}

/** JSON of PostgreSQL has no sign for the zone of a timestamp without one, and leaves out what is zero of its seconds. */
function utc(moment: string): string {
  const [seconds = "", fraction = ""] = moment.split(".")
  return `${seconds}.${fraction.padEnd(6, "0")}Z`
}
