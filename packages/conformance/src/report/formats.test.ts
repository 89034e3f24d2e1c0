import { expect, test } from "vitest"
import { z } from "zod"
import { applyBaseline } from "./baseline.js"
import { render, reportFormat, reportFormats } from "./render.js"
import type { Report } from "./report.js"
import { clean, leak, leaking, oracle, weakness } from "./sample-report.js"
import { parseReport } from "./schema.js"

const accepting = applyBaseline(
  leaking,
  [
    { check: "WKC090", object: "role clinic_app", reason: "moves to its own login", expires: "2027-01-31" },
    { check: "WKC014", object: "public.gone", reason: "was fixed", expires: "2027-01-31" },
  ],
  new Date("2026-11-26T00:00:00Z"),
)
const untried: Report = { ...clean, verdict: "INCONCLUSIVE", probes: 0 }

test.each(reportFormats)("%s is the same text on every run, and ends with one line break", (format) => {
  const text = render(accepting, format)
  expect(render(accepting, format)).toBe(text)
  expect(text).toMatch(/[^\n]\n$/)
})

test.each(["pretty", "junit", "sarif", "markdown", "html"] as const)(
  "%s says verdict, finding, reason and what was not tried",
  (format) => {
    const text = render(accepting, format)
    for (const part of ["LEAK", "public.lab_result", "WKC014", "force row level security"]) {
      expect(text).toContain(part)
    }
    expect(text).toContain("moves to its own login")
    expect(text).toContain("public.gone")
    expect(text).toContain("Backups and replicas hold the rows of every tenant; they were not looked at.")
  },
)

test("the worst finding comes first, whatever the order it was found in", () => {
  const text = render(leaking, "pretty")
  const places = [leak, oracle, weakness].map(({ message }) => text.indexOf(message))
  expect(places).toEqual([...places].sort((a, b) => a - b))
})

test("a format that does not exist is refused with the names of those that do", () => {
  expect(reportFormat("html")).toBe("html")
  expect(() => reportFormat("pdf")).toThrow(/pretty, json, junit, sarif, markdown, html/)
})

test("JSON is the report itself and can be read again", () => {
  expect(parseReport(render(accepting, "json"))).toEqual(accepting)
})

test.each([
  ["no JSON", "{"],
  ["another document", "[]"],
  ["a member that nobody knows", JSON.stringify({ ...clean, note: "pass" })],
  ["a verdict that does not exist", JSON.stringify({ ...clean, verdict: "PASS" })],
  ["a check id of another form", JSON.stringify({ ...clean, findings: [{ ...leak, check: "WKC14" }] })],
])("a report is refused when it is %s", (_what, text) => {
  expect(() => parseReport(text)).toThrow(expect.objectContaining({ code: "WK773" }))
})

test("colour appears only where the caller says that there is a terminal", () => {
  expect(render(leaking, "pretty")).not.toContain("\u001b")
  expect(render(leaking, "pretty", { colour: true })).toContain("\u001b[31mLEAK")
})

test("a run that could not try anything never looks like a pass", () => {
  expect(render(untried, "pretty")).toMatch(/^INCONCLUSIVE .*This is not a pass/)
  expect(render(untried, "html")).toContain("This is not a pass")
  expect(render(untried, "junit")).toMatch(/<error message="no login is exempt/)
  expect(JSON.parse(render(untried, "sarif")).runs[0].invocations[0].executionSuccessful).toBe(false)
})

test.each(["pretty", "markdown", "html"] as const)(
  "%s does not say that a check found nothing when it found a weakness",
  (format) => {
    const weak = { ...weakness, check: "WKC001" }
    expect(render(clean, format)).not.toContain("a weakness")
    expect(render({ ...clean, findings: [weak] }, format)).toContain("a weakness")
  },
)

test("a run that found nothing says how much it tried, what it could not, and that this proves nothing", () => {
  expect(render(clean, "pretty")).toContain(
    "No leak was found in 214 attempts; 1 of 5 checks could not be tried. This is not a proof",
  )
})

test.each(["pretty", "junit", "sarif", "markdown", "html"] as const)(
  "%s says how good the checks are here, and what they missed",
  (format) => {
    const killRate = {
      mutations: 12,
      killed: 9,
      withoutEffect: 2,
      survivors: ["public.visit: policy fence without its check"],
    }
    const text = render({ ...clean, mode: "drill", killRate }, format)
    expect(text).toContain("9 of 10 noticed")
    expect(text).toContain("policy fence without its check")
  },
)

test("JUnit counts what it lists, and an accepted finding is skipped with its reason", () => {
  const xml = render(accepting, "junit")
  const counted = /tests="(\d+)" failures="(\d+)" errors="(\d+)" skipped="(\d+)"/.exec(xml)?.slice(1).map(Number)
  const listed = ["<testcase ", "<failure ", "<error ", "<skipped "].map((tag) => xml.split(tag).length - 1)
  expect(counted).toEqual(listed)
  expect(xml).toContain('<skipped message="accepted until 2027-01-31: moves to its own login">')
})

test("Markdown fits into a comment however much was found, and counts what it left out", () => {
  const long = "x ".repeat(400)
  const many = Array.from({ length: 500 }, (_, index) => ({ ...leak, object: `public.t${index}`, evidence: long }))
  const text = render({ ...leaking, findings: many, notCovered: many.map(() => long) }, "markdown")
  expect(text.length).toBeLessThan(65_536)
  expect(text).toMatch(/\*\*\d+ more entries\*\* in the full report/)
  expect(text.split("<details>").length).toBe(text.split("</details>").length)
})

const message = z.strictObject({ text: z.string().min(1) })
const rule = z.strictObject({
  id: z.string().min(1),
  name: z.string(),
  shortDescription: message,
  fullDescription: message,
  properties: z.strictObject({
    tags: z.array(z.string()).refine((list) => new Set(list).size === list.length),
    "security-severity": z
      .string()
      .regex(/^(10\.0|\d\.\d)$/)
      .optional(),
  }),
})
const result = z
  .strictObject({
    ruleId: z.string(),
    ruleIndex: z.int().nonnegative(),
    kind: z.enum(["notApplicable", "pass", "fail", "review", "open", "informational"]),
    level: z.enum(["none", "note", "warning", "error"]),
    message,
    locations: z
      .array(
        z.strictObject({
          physicalLocation: z.strictObject({
            artifactLocation: z.strictObject({ uri: z.string().regex(/^[^\s\\]+$/) }),
            region: z.strictObject({ startLine: z.int().min(1) }),
          }),
          logicalLocations: z.array(z.strictObject({ fullyQualifiedName: z.string(), kind: z.string() })),
        }),
      )
      .min(1),
    partialFingerprints: z.record(z.string(), z.string()),
    suppressions: z
      .array(
        z.strictObject({
          kind: z.enum(["inSource", "external"]),
          status: z.enum(["accepted", "underReview", "rejected"]),
          justification: z.string(),
        }),
      )
      .optional(),
    properties: z.record(z.string(), z.unknown()),
  })
  .refine(({ kind, level }) => kind === "fail" || level === "none", "3.27.10: only a failure has a level")
/** The rules of SARIF 2.1.0 (OASIS) for the members that the report uses; every other member is refused. */
const sarif = z.strictObject({
  $schema: z.url(),
  version: z.literal("2.1.0"),
  runs: z.array(
    z
      .strictObject({
        tool: z.strictObject({
          driver: z.strictObject({
            name: z.string().min(1),
            version: z.string(),
            informationUri: z.url(),
            rules: z.array(rule),
          }),
        }),
        automationDetails: z.strictObject({ id: z.string().regex(/\/$/) }),
        invocations: z.array(
          z.strictObject({
            executionSuccessful: z.boolean(),
            startTimeUtc: z.iso.datetime(),
            endTimeUtc: z.iso.datetime(),
            toolExecutionNotifications: z.array(
              z.strictObject({ level: z.enum(["none", "note", "warning", "error"]), message }),
            ),
          }),
        ),
        columnKind: z.enum(["utf16CodeUnits", "unicodeCodePoints"]),
        results: z.array(result),
        properties: z.record(z.string(), z.unknown()),
      })
      .refine(({ tool, results }) => results.every((one) => tool.driver.rules[one.ruleIndex]?.id === one.ruleId)),
  ),
})

test.each([
  ["leaks", leaking],
  ["accepted findings", accepting],
  ["nothing found", clean],
  ["something not settled", { ...leaking, findings: [{ ...leak, verdict: "INCONCLUSIVE" }] }],
  ["a weakness without a score", { ...leaking, findings: [{ ...leak, cvss: "none", cwe: "CWE-200 and more" }] }],
] satisfies [string, Report][])("SARIF is valid with %s", (_what, report) => {
  expect(sarif.parse(JSON.parse(render(report, "sarif")))).toBeTruthy()
})

test("SARIF gives each hole a severity for code scanning, its weakness as a tag, and a fingerprint that survives new evidence", () => {
  const read = (report: Report) => sarif.parse(JSON.parse(render(report, "sarif"))).runs[0]!
  const run = read(leaking)
  expect(run.tool.driver.rules.find(({ id }) => id === "WKC014")?.properties).toEqual({
    tags: ["security", "external/cwe/cwe-639"],
    "security-severity": "6.5",
  })
  expect(run.results.map(({ level }) => level)).toEqual(["error", "warning", "note"])
  const again = read({ ...leaking, findings: [{ ...leak, evidence: "another canary", replay: "select 2" }] })
  expect(again.results[0]?.partialFingerprints).toEqual(run.results[0]?.partialFingerprints)
  const milder = read({ ...leaking, findings: [{ ...leak, severity: "hygiene" }] })
  expect(milder.results[0]?.partialFingerprints).not.toEqual(run.results[0]?.partialFingerprints)
})

test("SARIF points at the file that the caller names", () => {
  const run = JSON.parse(render(leaking, "sarif", { artifact: "db/my target.json" })).runs[0]
  expect(run.results[0].locations[0].physicalLocation.artifactLocation.uri).toBe("db/my%20target.json")
})
