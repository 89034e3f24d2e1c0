import { withoutHidden } from "../probe/hidden.js"
import type { CheckResult, ReportFinding } from "../report/report.js"
import type { CheckInfo } from "./check.js"

/** A finding without what its check knows anyway. */
export interface Found {
  readonly object: string
  readonly message: string
  readonly evidence: string
  readonly replay: string
  readonly fix: string
  /** Where it differs from the check's. */
  readonly severity?: ReportFinding["severity"]
  /** Where what it makes possible differs from the check's. */
  readonly cvss?: string
  readonly verdict?: ReportFinding["verdict"]
}

/** What one check did: probes, controls, findings and reasons. */
export class CheckRecord {
  readonly info: CheckInfo
  readonly findings: ReportFinding[] = []
  readonly reasons = new Set<string>()
  /** Objects on which something was tried that could have succeeded. */
  readonly tried = new Set<string>()
  /** Objects on which an attempt was not answered, so that finding nothing there says nothing. */
  readonly unanswered = new Set<string>()
  readonly #leftOut = new Map<string, Set<string>>()
  readonly #said: string[] = []
  readonly #notTried = new Map<string, Set<string>>()
  probes = 0
  controls = 0
  #notApplicable: string | undefined

  constructor(info: CheckInfo) {
    this.info = info
  }

  /** An attempt that reached the target and was answered. */
  probe(object?: string): void {
    this.probes++
    if (object !== undefined) this.tried.add(object)
  }

  /** Something showed that a probe could have found something. */
  control(): void {
    this.controls++
  }

  /** Once per object and severity: a second proof of the same is no second finding, but a leak takes the place of a question. */
  found(found: Found): void {
    const { code, severity, cwe, cvss } = this.info
    const finding: ReportFinding = {
      check: code,
      verdict: "LEAK",
      severity,
      cwe,
      cvss,
      ...found,
      replay: withoutHidden(found.replay),
    }
    const place = this.findings.findIndex(
      ({ object, severity: other }) => object === finding.object && other === finding.severity,
    )
    const same = this.findings[place]
    if (same === undefined) this.findings.push(finding)
    else if (same.verdict === "INCONCLUSIVE" && finding.verdict === "LEAK") this.findings[place] = finding
  }

  inconclusive(reason: string): void {
    this.reasons.add(reason)
  }

  notAnswered(object: string, why: string): void {
    this.unanswered.add(object)
    this.inconclusive(`${object === "" ? "an attempt" : object} could not be tried: ${why}`)
  }

  /** Nothing else shows anything about the object, so the check cannot pass. Said once for all objects with the same reason. */
  notTried(object: string, why: string): void {
    add(this.#notTried, why, object)
  }

  /** The same where something else was tried on the object: said in the report, and no obstacle. */
  leftOut(object: string, why: string): void {
    add(this.#leftOut, why, object)
  }

  /** What was measured or seen, without a judgement. */
  say(sentence: string): void {
    this.#said.push(sentence)
  }

  /** A sentence for each reason, without what is said to be not tried at all. */
  notCovered(): string[] {
    const { code } = this.info
    const said = this.#said.map((sentence) => `${code}: ${sentence}`)
    const leftOut = [...this.#leftOut].flatMap(([why, objects]) => {
      const names = [...objects].filter((object) => this.#notTried.get(why)?.has(object) !== true)
      return names.length === 0 ? [] : [`${code}: ${why}: ${names.join(", ")}.`]
    })
    return [...said, ...leftOut]
  }

  notApplicable(reason: string): void {
    this.#notApplicable = reason
  }

  result(): CheckResult {
    const { code, title } = this.info
    const leaks = this.findings.filter(({ verdict, severity }) => verdict === "LEAK" && severity !== "hygiene")
    const open = this.findings.filter(({ verdict }) => verdict === "INCONCLUSIVE")
    const notTried = [...this.#notTried].map(([why, objects]) => `${why}: ${[...objects].join(", ")}`)
    const reasons = [...this.reasons, ...notTried, ...open.map(({ object, evidence }) => `${object}: ${evidence}`)]
    const base = { check: code, title, probes: this.probes, controls: this.controls }
    if (leaks.length > 0) return { ...base, verdict: "LEAK" }
    if (reasons.length > 0) return { ...base, verdict: "INCONCLUSIVE", reason: reasons.join("; ") }
    if (this.#notApplicable !== undefined) return { ...base, verdict: "NOT_APPLICABLE", reason: this.#notApplicable }
    if (this.probes === 0) return { ...base, verdict: "NOT_APPLICABLE", reason: "nothing of this kind was found" }
    if (this.controls === 0 && this.findings.length === 0) {
      return { ...base, verdict: "INCONCLUSIVE", reason: "nothing showed that an attempt of this kind could succeed" }
    }
    return { ...base, verdict: "NOT_FOUND" }
  }
}

function add(book: Map<string, Set<string>>, why: string, object: string): void {
  const objects = book.get(why) ?? new Set<string>()
  book.set(why, objects.add(object))
}
