import { expect, test } from "vitest"
import { judge } from "./judge.ts"
import { isPerfect, score } from "./score.ts"
import type { System } from "./system.ts"
import type { Finding, Verified } from "./verify.ts"

const connect = { user: "app" }
const system = (kind: System["kind"], expectations: System["expect"], tolerate: System["tolerate"] = []): System => ({
  slug: "one",
  kind,
  what: "a system of one table",
  class: "rls-missing",
  context: "settings",
  app: "app",
  target: {
    tenants: [
      { name: "A", key: "1", connect },
      { name: "B", key: "2", connect },
    ],
    tenantColumns: ["clinic_id"],
    schemas: ["public"],
    global: [],
  },
  expect: expectations,
  tolerate,
  schemaSql: "",
  attackSql: "",
})

const finding = (severity: Finding["severity"], object: string, verdict: Finding["verdict"] = "LEAK"): Finding => ({
  check: "WKC001",
  verdict,
  severity,
  object,
  replay: "",
})
const ran = (...findings: Finding[]): Verified => ({
  seconds: 1,
  report: { verdict: findings.length > 0 ? "LEAK" : "NOT_FOUND", probes: 1, findings },
  text: "",
})

const visit = system("faulty", [{ severity: "leak", objects: ["public.visit"] }])

test.each(["public.visit", "public.visit.note", 'public."visit"', "table public.visit", "public.visit(integer)"])(
  "%s names the visit",
  (object) => {
    expect(judge(visit, ran(finding("leak", object)))).toMatchObject({
      detected: true,
      rightObject: true,
      invented: [],
    })
  },
)

test.each(["public.visit_note", "old_public.visit", "public"])(
  "%s does not name the visit and is invented",
  (object) => {
    const judged = judge(visit, ran(finding("leak", object)))
    expect(judged).toMatchObject({ detected: true, rightObject: false })
    expect(judged.invented).toHaveLength(1)
  },
)

test("a hygiene finding is neither a detection of a leak nor a false alarm", () => {
  expect(judge(visit, ran(finding("hygiene", "public.visit")))).toMatchObject({ detected: false, invented: [] })
  expect(judge(system("clean", []), ran(finding("hygiene", "public.visit"))).invented).toEqual([])
})

test("what could not be decided is not a false alarm", () => {
  expect(judge(system("clean", []), ran(finding("leak", "public.visit", "INCONCLUSIVE"))).invented).toEqual([])
})

test("a clean system that could not be decided is counted apart from those that are called clean", () => {
  const undecided: Verified = { seconds: 1, report: { verdict: "INCONCLUSIVE", probes: 0, findings: [] }, text: "" }
  const clean = system("clean", [])
  const result = score([judge(clean, undecided), judge(clean, ran())], "18.4", 2)
  expect(result.clean).toEqual({ n: 2, falseAlarms: 0, notFound: 1, inconclusive: ["one"] })
})

test("a leak or an oracle in a clean system is a false alarm", () => {
  for (const severity of ["leak", "oracle"] as const) {
    expect(judge(system("clean", []), ran(finding(severity, "public.visit"))).invented).toHaveLength(1)
  }
})

test("an oracle beside the planted leak is invented unless the system admits it", () => {
  const found = ran(finding("leak", "public.visit"), finding("oracle", "public.visit"))
  expect(judge(visit, found).invented).toHaveLength(1)
  const admitting = system("faulty", visit.expect, [{ severity: "oracle", objects: ["public.visit"] }])
  expect(judge(admitting, found).invented).toEqual([])
})

test("a run without a report is a miss, also of a clean system", () => {
  const failed: Verified = { seconds: 1, failure: "exit code 3" }
  const result = score([judge(visit, failed), judge(system("clean", []), failed)], "18.4", 2)
  expect(result.misses.map(({ why }) => why)).toEqual(["exit code 3", "exit code 3"])
  expect(isPerfect(result)).toBe(false)
})

test("a database that is not as before spoils a perfect run and is named", () => {
  const result = score([judge(visit, ran(finding("leak", "public.visit")), true)], "18.4", 1)
  expect(result.changed).toEqual(["faulty/one"])
  expect(isPerfect(result)).toBe(false)
})

test("a finding whose replay shows nothing spoils a perfect run and is named", () => {
  const repeated = { silent: ["WKC020 public.visit: SELECT 0 []"], shown: 1 }
  const result = score([judge(visit, ran(finding("leak", "public.visit")), false, repeated)], "18.4", 1)
  expect(result.replays).toEqual({
    n: 2,
    shown: 1,
    silent: [{ system: "faulty/one", why: "WKC020 public.visit: SELECT 0 []" }],
  })
  expect(isPerfect(result)).toBe(false)
})

test("leaks and oracles are counted apart, and a perfect run is perfect", () => {
  const oracle = system("faulty", [{ severity: "oracle", objects: ["public.visit"] }])
  const judged = [
    judge(visit, ran(finding("leak", "public.visit"))),
    judge(oracle, ran(finding("oracle", "public.visit"))),
  ]
  const result = score([...judged, judge(system("clean", []), ran())], "18.4", 3)
  expect(result).toMatchObject({
    systems: 3,
    faulty: { n: 1, detected: 1, rightObject: 1 },
    oracles: { n: 1, detected: 1, rightObject: 1 },
    clean: { n: 1, falseAlarms: 0, notFound: 1, inconclusive: [] },
  })
  expect(isPerfect(result)).toBe(true)
})
