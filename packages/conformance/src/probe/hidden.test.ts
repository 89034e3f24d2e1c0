import { describe, expect, test } from "vitest"
import type { Column, Relation } from "../catalog/relation.js"
import { CheckRecord } from "../run/check-record.js"
import { hidden, withoutHidden } from "./hidden.js"
import { literalOf } from "./insertion.js"

const column = (name: string, base: string, category: string): Column => ({
  name,
  number: 1,
  type: base,
  base,
  category,
  enum: false,
  notNull: false,
  hasDefault: false,
  generated: false,
  identity: "",
  drawn: false,
})

const branch = column("branch", "text", "S")
const relation: Relation = {
  oid: "1",
  schema: "public",
  name: "lead",
  kind: "r",
  rls: true,
  forced: true,
  owner: "o",
  ownerExempt: false,
  tuples: 1,
  isPartition: false,
  parent: null,
  columns: [
    branch,
    column("id", "bigint", "N"),
    column("ref", "uuid", "U"),
    column("phone", "text", "S"),
    column("born", "date", "D"),
    column("aadhaar", "bigint", "N"),
  ],
  keys: [
    {
      relation: "1",
      name: "lead_pkey",
      kind: "p",
      columns: ["id"],
      hasExpression: false,
      parent: null,
      parentColumns: null,
      onDelete: "",
      onUpdate: "",
      definition: "",
    },
  ],
  tenancy: { by: "column", column: branch },
}
const row = {
  place: "",
  values: {
    branch: "velachery",
    id: 7,
    ref: "0190b6a0-0000-7000-8000-000000000001",
    phone: "+919840012345",
    born: "1961-05-04",
    aadhaar: 999900001234,
  },
}
const literal = (name: string): string => literalOf(relation, name, row)

describe("values of people in a replay", () => {
  test("are asked for, the same one by the same name, and named by their column", () => {
    const sql = `select ${literal("phone")}, ${literal("born")}, ${literal("phone")}`
    expect(withoutHidden(sql)).toBe(
      [
        "-- value_1: of public.lead.phone; psql takes it with -v value_1=…",
        "-- value_2: of public.lead.born; psql takes it with -v value_2=…",
        "select :'value_1'::text, :'value_2'::date, :'value_1'::text",
      ].join("\n"),
    )
  })

  test("are said to be one tenant's where a statement takes values of two", () => {
    const [mine, theirs] = [hidden("a", "public.lead.ref", "A"), hidden("b", "public.lead.ref", "B 'of' two")]
    expect(withoutHidden(`f(${mine}, ${theirs})`)).toBe(
      [
        "-- value_1: of public.lead.ref of tenant A; psql takes it with -v value_1=…",
        "-- value_2: of public.lead.ref of tenant B _of_ two; psql takes it with -v value_2=…",
        "f(:'value_1', :'value_2')",
      ].join("\n"),
    )
  })

  test("are not the tenant's key, a UUID or a number of the system's making; another number is somebody's", () => {
    expect(withoutHidden(literal("branch"))).toBe("'velachery'::text")
    expect(withoutHidden(literal("id"))).toBe("'7'::bigint")
    expect(withoutHidden(literal("ref"))).toContain("0190b6a0")
    expect(withoutHidden(literal("aadhaar"))).not.toContain("999900001234")
  })

  test("go whole, whatever they hold", () => {
    for (const text of ["O'Neil", "a\\'b'", "*/'; --", "/*wk x*/'y'", "''", "two\nlines"]) {
      expect(
        withoutHidden(`f(${hidden(text, "public.a*/'b")}) + 'kept'`)
          .split("\n")
          .at(-1),
      ).toBe("f(:'value_1') + 'kept'")
    }
  })

  test("do not come into a finding by any check", () => {
    const record = new CheckRecord({ code: "WKC026", title: "t", severity: "leak", cwe: "CWE-1", cvss: "CVSS:3.1/" })
    const replay = `insert into lead values (${literal("phone")})`
    record.found({ object: "public.lead", message: "m", evidence: "e", replay, fix: "f" })
    expect(JSON.stringify(record.findings)).not.toContain("9840012345")
    expect(record.findings[0]?.replay).toContain(":'value_1'::text")
  })
})
