import { expect, test, vi } from "vitest"
import { legNamed, legs, otherLegs } from "../config/legs.mjs"
import { filesEndingIn } from "./vitest.mjs"

const names = (from: typeof legs, file: string) => from.filter((leg) => leg.joins(file)).map(({ name }) => name)
const joining = (file: string) => names(legs, file)
const joiningOthers = (file: string) => names(otherLegs, file)

test("a database test runs on both servers", () => {
  expect(joining("packages/postgres/src/client/query.db.test.ts")).toEqual(["embedded18", "pg15"])
})

test("what 15 seldom changes runs there by hand, and nothing is left out", () => {
  const seldom = "tests/attacks/waiting.db.test.ts"
  expect(joining(seldom)).toEqual(["embedded18"])
  expect(joiningOthers(seldom)).toEqual(["pg15-seldom", "pg16", "pg17"])
})

test("the holes of servers are tried on a release that has all of them", () => {
  const holes = "packages/conformance/src/checks/holes.db.test.ts"
  expect(joiningOthers(holes)).toEqual(["pg13", "pg14", "pg15-seldom", "pg15-first", "pg16", "pg17"])
})

test("a pooler test runs behind the pooler only", () => {
  expect(joining("packages/postgres/src/client/query.pooler.db.test.ts")).toEqual(["pgbouncer"])
})

test("a test of pages in a browser runs once, and nowhere without one", () => {
  const pages = "examples/express-clinic/src/pages/pages.browser.db.test.ts"
  expect(joining(pages)).toEqual(["browser"])
  expect(joiningOthers(pages)).toEqual([])
})

test("the browser is the one that the environment names", () => {
  vi.stubEnv("WARDKEEP_CHROMIUM", process.execPath)
  expect(legNamed("browser")?.available()).toBeUndefined()
  vi.stubEnv("WARDKEEP_CHROMIUM", `${process.execPath}-of-nobody`)
  expect(legNamed("browser")?.available()).toBe("Chromium is not installed")
  vi.unstubAllEnvs()
})

test("a limited administrator's test runs in its own legs only", () => {
  expect(joining("tests/e2e/install.limited-admin.db.test.ts")).toEqual(["limited-admin", "limited-admin-pg15"])
})

test("a test of PostgreSQL 15's own programs runs on that server only", () => {
  expect(joining("packages/postgres/src/maintenance/pg-dump.pg15.db.test.ts")).toEqual(["pg15"])
})

test("the suite and its corpus meet every server between, Wardkeep those it supports", () => {
  for (const file of ["packages/conformance/src/verify.db.test.ts", "tests/corpus/corpus.db.test.ts"]) {
    expect(joining(file)).toEqual(["embedded18"])
    expect(joiningOthers(file)).toEqual(["pg13", "pg14", "pg15-seldom", "pg16", "pg17"])
  }
  expect(joiningOthers("packages/postgres/src/client/query.db.test.ts")).toEqual(["pg16", "pg17"])
  expect(joiningOthers("packages/wardkeep/src/cli/refusals.too-old.db.test.ts")).toEqual(["pg13", "pg14"])
  expect(joiningOthers("tests/e2e/install.limited-admin.db.test.ts")).toEqual([
    "limited-admin-pg16",
    "limited-admin-pg17",
  ])
})

test("a refusal of an old server is tried on no other", () => {
  expect(joining("packages/wardkeep/src/cli/refusals.too-old.db.test.ts")).toEqual([])
})

test("what a package measures at length joins no leg; the fuzz of all of it stays in every change", () => {
  const file = "packages/audit/src/detect/detect.fuzz.db.test.ts"
  expect([...joining(file), ...joiningOthers(file)]).toEqual([])
  expect(filesEndingIn(".fuzz.db.test.ts")).toContain(file)
  expect(joining("tests/fuzz/isolation.fuzz.db.test.ts")).toContain("embedded18")
})

test("a leg is found by its name, wherever it runs", () => {
  expect(legNamed("pg15")?.name).toBe("pg15")
  expect(legNamed("pg16")?.env).toEqual({ WARDKEEP_TEST_LEG: "pg16" })
  expect(legNamed("pg12")).toBeUndefined()
})

test("legs that run side by side have fewer files each than a run has workers", () => {
  const files = filesEndingIn(".db.test.ts")
  const small = legs.filter((leg) => leg.small)
  expect(small.map(({ name }) => name)).toEqual(["browser", "limited-admin", "limited-admin-pg15"])
  for (const { joins } of small) expect(files.filter(joins).length).toBeLessThan(4)
})
