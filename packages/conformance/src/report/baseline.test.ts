import { expect, test } from "vitest"
import { applyBaseline, type BaselineEntry, parseBaseline } from "./baseline.js"
import { reportExitCode } from "./exit-code.js"
import { clean, leaking, oracle, weakness } from "./sample-report.js"

const today = new Date("2026-11-26T23:59:00Z")
const entry: BaselineEntry = {
  check: "WKC014",
  object: "public.lab_result",
  reason: "closed with release 7",
  expires: "2026-11-26",
}
const all: BaselineEntry[] = leaking.findings.map(({ check, object, severity }) => ({
  ...entry,
  check,
  object,
  severity,
}))

test("a finding is accepted until the end of its last day, and counts again on the next", () => {
  const during = applyBaseline(leaking, all, today)
  expect(during.findings.every(({ accepted }) => accepted?.reason === entry.reason)).toBe(true)
  expect(during.baseline).toEqual({ accepted: 3, problems: [] })
  expect(reportExitCode(leaking)).toBe(1)

  const after = applyBaseline(leaking, all, new Date("2026-11-27T00:00:00Z"))
  expect(after.findings.some(({ accepted }) => accepted !== undefined)).toBe(false)
  expect(after.baseline?.problems.map(({ problem }) => problem)).toEqual(["expired", "expired", "expired"])
  expect(reportExitCode(after)).toBe(1)
})

test("an accepted leak stays a leak in the verdict; only the exit code lets it pass", () => {
  const tried = { ...leaking, checks: leaking.checks.filter(({ verdict }) => verdict !== "INCONCLUSIVE") }
  const report = applyBaseline(tried, all, today)
  expect(report.verdict).toBe("LEAK")
  expect(reportExitCode(report)).toBe(0)
})

test("a check and another object, or an object and another check, accept nothing", () => {
  const report = applyBaseline(
    leaking,
    [
      { ...entry, object: "public.lab_results" },
      { ...entry, check: "WKC051" },
    ],
    today,
  )
  expect(report.baseline?.accepted).toBe(0)
  expect(reportExitCode(report)).toBe(1)
})

test.each([
  ["hygiene", undefined, true],
  ["oracle", undefined, false],
  ["leak", undefined, false],
  ["leak", "hygiene", false],
  ["leak", "oracle", false],
  ["oracle", "oracle", true],
  ["oracle", "leak", true],
  ["leak", "leak", true],
] as const)("a finding that is %s under an entry for %s is accepted: %s", (severity, accepted, expected) => {
  const found = { ...leaking, findings: [{ ...leaking.findings[0]!, severity }] }
  const { check, object } = found.findings[0]!
  const given = { ...entry, check, object, ...(accepted === undefined ? {} : { severity: accepted }) }
  const report = applyBaseline(found, parseBaseline(JSON.stringify([given])), today)
  expect(report.baseline).toEqual({ accepted: expected ? 1 : 0, problems: [] })
  expect(report.findings[0]?.accepted !== undefined).toBe(expected)
})

test("a leak is not covered by the weakness that was accepted at the same place", () => {
  const both = {
    ...leaking,
    findings: (["leak", "hygiene"] as const).map((severity) => ({ ...leaking.findings[0]!, severity })),
  }
  const { check, object } = both.findings[0]!
  const report = applyBaseline(both, [{ ...entry, check, object }], today)
  expect(report.findings.map(({ accepted }) => accepted !== undefined)).toEqual([false, true])
  expect(reportExitCode(report)).toBe(1)
})

test("an entry whose check ran and did not find it must go; one whose check did not run may stay", () => {
  const report = applyBaseline(clean, [entry, { ...entry, check: "WKC099" }, { ...entry, check: "WKC060" }], today)
  expect(report.baseline?.problems).toEqual([
    { check: "WKC014", object: "public.lab_result", problem: "unmatched", expires: "2026-11-26" },
  ])
  expect(reportExitCode(report)).toBe(1)
})

test("an entry for a check that does not exist is a problem when the caller knows the checks", () => {
  const report = applyBaseline(clean, [{ ...entry, check: "WKC999" }], today, { knownChecks: ["WKC014"] })
  expect(report.baseline?.problems.map(({ problem }) => problem)).toEqual(["unknown-check"])
})

test("a baseline is applied once", () => {
  const once = applyBaseline(leaking, all, today)
  expect(() => applyBaseline(once, all, today)).toThrow(expect.objectContaining({ code: "WK770" }))
})

test("a baseline file is read as it is written", () => {
  expect(parseBaseline(JSON.stringify([entry]))).toEqual([entry])
  expect(parseBaseline("[]")).toEqual([])
})

test.each([
  ["no JSON", "["],
  ["no list", "{}"],
  ["no reason", JSON.stringify([{ ...entry, reason: " " }])],
  ["reason left out", JSON.stringify([{ ...entry, reason: undefined }])],
  ["no day", JSON.stringify([{ ...entry, expires: undefined }])],
  ["a day that does not exist", JSON.stringify([{ ...entry, expires: "2027-02-30" }])],
  ["a moment instead of a day", JSON.stringify([{ ...entry, expires: "2027-01-31T00:00:00Z" }])],
  ["a check of another form", JSON.stringify([{ ...entry, check: "*" }])],
  ["no object", JSON.stringify([{ ...entry, object: "" }])],
  ["a misspelt member", JSON.stringify([{ ...entry, reson: "x" }])],
  ["a severity that there is not", JSON.stringify([{ ...entry, severity: "low" }])],
  ["an entry listed twice", JSON.stringify([entry, { ...entry, reason: "again" }])],
])("a baseline file with %s is refused as a whole", (_what, text) => {
  expect(() => parseBaseline(text)).toThrow(expect.objectContaining({ code: "WK770" }))
})

test("the exit code is 1 for findings, 4 for nothing found but not enough tried, 0 otherwise", () => {
  expect(reportExitCode(clean)).toBe(0)
  expect(reportExitCode({ ...clean, verdict: "INCONCLUSIVE" })).toBe(4)
  expect(reportExitCode({ ...clean, probes: 0 })).toBe(4)
  expect(reportExitCode({ ...clean, findings: [weakness] })).toBe(0)
  expect(reportExitCode({ ...leaking, findings: [oracle] })).toBe(1)
  expect(
    reportExitCode({ ...clean, verdict: "INCONCLUSIVE", findings: [{ ...weakness, verdict: "INCONCLUSIVE" }] }),
  ).toBe(4)
  expect(reportExitCode(applyBaseline(leaking, all, today))).toBe(4)
})
