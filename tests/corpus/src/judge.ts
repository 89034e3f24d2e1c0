import type { Repeated } from "./replay.ts"
import type { Expectation, System } from "./system.ts"
import type { Finding, Verified } from "./verify.ts"

/** What one run is worth. */
export interface Judged {
  readonly system: System
  readonly seconds: number
  /** Leaks that must be found, or existence oracles. */
  readonly demands: "leak" | "oracle" | "nothing"
  /** A finding of a severity that the fault deserves. */
  readonly detected: boolean
  /** And it names the object that is at fault. */
  readonly rightObject: boolean
  /** Leaks and oracles that are none. */
  readonly invented: readonly Finding[]
  /** Why there is no report. */
  readonly failure: string | undefined
  /** What the whole report says; undefined without one. */
  readonly verdict: "LEAK" | "NOT_FOUND" | "INCONCLUSIVE" | undefined
  readonly findings: readonly Finding[]
  /** The database is not what it was before the run. */
  readonly leftBehind: boolean
  /** Replays of leaks and oracles, run by hand. */
  readonly repeated: Repeated
}

const nothing: Repeated = { silent: [], shown: 0 }

export function judge(system: System, verified: Verified, leftBehind = false, repeated = nothing): Judged {
  const findings = "report" in verified ? verified.report.findings : []
  const wanted = (finding: Finding) => system.expect.some((expected) => severities(expected).includes(finding.severity))
  const named = (finding: Finding) => system.expect.some((expected) => fits(expected, finding))
  const isKnown = (finding: Finding) => [...system.expect, ...system.tolerate].some((known) => fits(known, finding))
  return {
    system,
    seconds: verified.seconds,
    demands: demanded(system),
    detected: findings.some(wanted),
    rightObject: findings.some(named),
    invented: findings
      .filter(({ verdict, severity }) => verdict === "LEAK" && severity !== "hygiene")
      .filter((finding) => !isKnown(finding)),
    failure: "failure" in verified ? verified.failure : undefined,
    verdict: "report" in verified ? verified.report.verdict : undefined,
    findings,
    leftBehind,
    repeated,
  }
}

function demanded({ expect }: System): Judged["demands"] {
  if (expect.length === 0) return "nothing"
  return expect.every((expected) => severities(expected).every((severity) => severity === "oracle")) ? "oracle" : "leak"
}

const severities = ({ severity }: Expectation): readonly string[] => (Array.isArray(severity) ? severity : [severity])

function fits(expected: Expectation, finding: Finding): boolean {
  if (!severities(expected).includes(finding.severity)) return false
  const object = finding.object.replaceAll('"', "")
  return expected.objects.some((name) => name === "*" || isNamed(object, name))
}

/** `public.visit` is named by `public.visit.note`, `public.visit(int)` and `table public.visit`. */
function isNamed(object: string, name: string): boolean {
  const at = object.indexOf(name)
  if (at === -1) return false
  const [before, after] = [object[at - 1] ?? " ", object[at + name.length] ?? " "]
  return /[\s,]/.test(before) && /[\s,.(:]/.test(after)
}
