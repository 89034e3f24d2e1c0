import { describe, expect, test } from "vitest"
import { type FiguresReport, figuresTable, judged } from "./figures.ts"
import { readArguments } from "./options.ts"
import { renewed } from "./page.ts"
import type { Report } from "./report.ts"

const machine = { processor: "P", cores: 2, memoryGiB: 4, system: "linux", load: 0 }

const report = (over: Partial<FiguresReport> = {}): FiguresReport => ({
  set: "consent",
  machine,
  server: { version: "18.4", settings: {}, fsync: false },
  node: "20",
  date: "2027-01-02T00:00:00Z",
  command: "npm run bench -- --only consent",
  quick: false,
  benches: [],
  bars: [
    judged({ what: "a scan", unit: "×", measured: 1.09, most: 1.2, iqr: [1, 1.1] }),
    judged({ what: "a state", unit: "ms", measured: 7, most: 5 }),
    judged({ what: "a refresh", unit: "s", measured: 3 }),
  ],
  ...over,
})

const context: Report = {
  benches: [],
  machine,
  server: { version: "18.4", settings: {}, fsync: false },
  node: "20",
  date: "2027-01-02T00:00:00Z",
  command: "npm run bench -- --only context",
  quick: false,
  rows: 10,
  loading: {},
}

describe("figures of a set of benches", () => {
  test("a bar is held or missed, and what has none is only told", () => {
    const lines = figuresTable(report()).split("\n")
    expect(lines).toContain("| a scan | 1.20 | 1.09 | 1.00–1.10 | held |")
    expect(lines).toContain("| a state | 5 ms | 7 ms |  | **missed** |")
    expect(lines).toContain("| a refresh |  | 3 s |  |  |")
  })

  test("a count of nothing is held at nothing, and one is too many", () => {
    expect(judged({ what: "late", unit: "", measured: 0, most: 0 }).held).toBe(true)
    expect(judged({ what: "late", unit: "", measured: 1, most: 0 }).held).toBe(false)
  })

  test("what was not measured is no result", () => {
    expect(() => judged({ what: "a scan", unit: "×", measured: Number.NaN, most: 1 })).toThrow("nothing was measured")
  })

  test("the page keeps the sections of what was not run, whatever a server's minor version", () => {
    const first = renewed("", [context], [report({ set: "audit" })])
    expect(first.match(/^## .*/gm)).toEqual(["## PostgreSQL 18.4", "## The audit log"])
    const other = { ...context, server: { ...context.server, version: "18.5" } }
    const second = renewed(first, [other], [report()])
    expect(second.match(/^## .*/gm)).toEqual(["## PostgreSQL 18.5", "## The audit log", "## Consent"])
    expect(second.match(/^# .*/gm)).toEqual(["# Performance"])
    expect(second).toContain("| a scan | 1.20 | 1.09 | 1.00–1.10 | held |")
    expect(renewed(second, [other], [report()])).toBe(second)
  })

  test("the page takes no quick run's figures", () => {
    expect(() => renewed("", [context], [report({ quick: true })])).toThrow("quick run")
    expect(() => renewed("", [{ ...context, quick: true }], [])).toThrow("quick run")
  })
})

describe("the arguments of the benchmarks", () => {
  test("consent is a set, with the options of the others", () => {
    const options = readArguments(["--only", "consent", "--quick", "--json", "out.json", "--bench", "wall,state"])
    expect(options).toMatchObject({ set: "consent", quick: true, json: "out.json", benches: ["wall", "state"] })
    expect(readArguments([]).set).toBe("context")
  })

  test("an unknown set is named with those that there are", () => {
    expect(() => readArguments(["--only", "consnt"])).toThrow("context, permissions, audit, consent")
  })

  test("a page is of a set with a section, and files are whatever they measured", () => {
    expect(() => readArguments(["--only", "permissions", "--page"])).toThrow("--page")
    expect(() => readArguments(["--only", "audit", "--page", "--quick"])).toThrow("--page")
    expect(() => readArguments(["--only", "audit", "--page", "--bench", "view"])).toThrow("--page")
    expect(() => readArguments(["--only", "audit", "--from", "a.json"])).toThrow("--from")
    expect(readArguments(["--only", "audit", "--page"])).toMatchObject({ set: "audit", page: true })
    expect(readArguments(["--page", "--from", "a.json", "--from", "b.json"]).from).toEqual(["a.json", "b.json"])
  })
})
