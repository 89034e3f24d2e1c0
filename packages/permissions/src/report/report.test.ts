import { parsePolicy } from "@wardkeep/core"
import { describe, expect, it } from "vitest"
import { clinic } from "#tests/permissions/clinic.ts"
import { compileMatrix } from "../matrix/matrix.js"
import { slice } from "../slice/slice.js"
import { matrixHtml } from "./html.js"
import { matrixCell } from "./letters.js"
import { matrixText } from "./terminal.js"

const matrix = compileMatrix(clinic())

describe("the matrix for people", () => {
  it("is a table of letters in a terminal", () => {
    const lines = matrixText(matrix).split("\n")
    expect(lines[0]).toMatch(/^ +reception +doctor +locum +billing +reminders \(service\)$/)
    expect(lines[1]).toMatch(/^patient +CR\*U\* +RUe\* +RUe\* +R\* +R\*$/)
    expect(lines[2]).toMatch(/^clinical_note +\. +Crup +Crup +\. +\.$/)
    expect(lines.at(-2)).toContain("small: tied to a condition")
  })

  it("is a cell at a time, for a table of one's own", () => {
    expect(matrixCell(matrix, "role", "doctor", "clinical_note")).toMatchObject({ text: "Crup", weight: 0.625 })
    expect(matrixCell(matrix, "role", "reception", "public.patient").title).toContain("read: ")
    for (const [role, table] of [
      ["nobody", "patient"],
      ["reception", "nowhere"],
    ] as const)
      expect(matrixCell(matrix, "role", role, table)).toEqual({ text: "", weight: 0, title: "" })
  })

  it("is one HTML file without scripts, in which nothing of the policy file is markup", () => {
    const html = matrixHtml(matrix, { title: "<b>Sanjivani & Co</b>" })
    expect(html).toContain("&lt;b&gt;Sanjivani &amp; Co&lt;/b&gt;")
    expect(html).not.toMatch(/<script|<b>|https?:|src=/)
    expect(html.match(/<tr>/g)).toHaveLength(8)
    const odd = parsePolicy({
      tenancy: { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } },
      tables: { note: { scope: "branch" } },
      purposes: { care: { basis: "x" } },
      conditions: { odd: { own: "<img src=x>" } },
      roles: { doctor: { purposes: ["care"], can: { note: { read: { when: "odd", columns: ['"><script>'] } } } } },
    })
    expect(matrixHtml(compileMatrix(odd))).not.toMatch(/<img|<script/)
  })
})

describe("a slice for a user interface", () => {
  it("holds booleans and granted columns, and nothing about conditions", () => {
    const { could, columns, etag } = slice(matrix, "reception")
    expect(could["public.patient"]).toEqual({
      create: true,
      read: true,
      update: true,
      delete: false,
      download: false,
      print: false,
      export: false,
      share: false,
    })
    expect(Object.keys(could)).toEqual(["public.patient", "public.invoice"])
    expect(columns["public.patient"]).toEqual({ read: ["id", "name", "phone"], update: ["phone"] })
    expect(etag).toMatch(/^"wk-[0-9a-f]{16}"$/)
    expect(JSON.stringify(slice(matrix, "doctor"))).not.toMatch(/own-|on-the|draft|900/)
  })

  it("has an ETag that changes with what it says and with nothing else", () => {
    expect(slice(compileMatrix(clinic()), "doctor").etag).toBe(slice(matrix, "doctor").etag)
    expect(slice(matrix, "locum").etag).not.toBe(slice(matrix, "doctor").etag)
  })

  it("loses what the tenant took, and what needs it, and its ETag with it", () => {
    const whole = slice(matrix, "reception")
    const less = (...taken: string[]) => slice(matrix, "reception", { taken })
    expect(less("delete public.invoice", "create public.visit")).toEqual(whole)
    expect(less("update public.patient").could["public.patient"]).toEqual({
      ...whole.could["public.patient"],
      update: false,
    })
    expect(less("update public.patient").columns["public.patient"]?.update).toEqual([])
    // A row that may not be read cannot be aimed at; a new one can be written.
    expect(less("read public.patient").could["public.patient"]).toMatchObject({
      create: true,
      read: false,
      update: false,
    })
    const purposes = matrix.policy.actors.find(({ name }) => name === "reception")?.purposes ?? []
    expect(purposes.length).toBeGreaterThan(0)
    expect(less(...purposes.map((purpose) => `purpose ${purpose}`)).could).toEqual({})
    expect(less("role").could).toEqual({})
    const tags = [whole, less("update public.patient"), less("read public.patient"), less("role")].map(
      ({ etag }) => etag,
    )
    expect(new Set(tags).size).toBe(4)
  })
})
