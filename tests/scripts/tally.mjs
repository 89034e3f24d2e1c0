import { readFileSync, rmSync, writeFileSync } from "node:fs"

/** Counts passed and failed over everything that ran, so that one last line tells the truth. */
export class Tally {
  passed = 0
  failed = 0
  notes = []

  /**
   * `file`: where it is kept for a run that goes on where this one ends. What an older run left there is removed, so that it is
   * not taken for this one's where this one does not come to its end.
   *
   * @param {string} [file]
   */
  constructor(file) {
    this.file = file
    if (file !== undefined) rmSync(file, { force: true })
  }

  check(name, ok) {
    if (ok) this.passed += 1
    else this.failed += 1
    this.notes.push(`${name}: ${ok ? "passed" : "FAILED"}`)
  }

  note(text) {
    this.notes.push(text)
  }

  /** A run that exits non-zero, or leaves no report, counts as a failure even if no test says so. Answers what it counted. */
  vitest(name, code, reportFile) {
    const { passed, skipped, failed } = readReport(reportFile)
    if (code !== 0 && failed.length === 0) failed.push(`exit code ${code} without a failing test`)
    this.passed += passed
    this.failed += failed.length
    const parts = [`${passed} passed`, `${failed.length} failed`]
    if (skipped > 0) parts.push(`${skipped} skipped`)
    this.notes.push(`${name}: ${parts.join(", ")}`, ...failed.map((what) => `  failed: ${what}`))
    return { passed, failed: failed.length, skipped }
  }

  save() {
    const { file, passed, failed, notes } = this
    if (file !== undefined) writeFileSync(file, JSON.stringify({ passed, failed, notes }))
  }

  /** What a run before this one counted. One that left nothing counts as a failure: it ended before it could say so. */
  continueFrom(file) {
    let before
    try {
      before = JSON.parse(readFileSync(file, "utf8"))
    } catch {
      return this.check("the stages that ran before", false)
    }
    this.passed += before.passed
    this.failed += before.failed
    this.notes.push(...before.notes)
  }

  get lastLine() {
    return `${this.passed} passed, ${this.failed} failed`
  }
}

/** What `report.mjs` left. */
function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"))
  } catch {
    return { passed: 0, skipped: 0, failed: ["it ended without a report"] }
  }
}
