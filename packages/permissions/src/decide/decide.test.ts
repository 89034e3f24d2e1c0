import { describe, expect, it } from "vitest"
import { clinic, columnTypes, doctor, note } from "#tests/permissions/clinic.ts"
import type { Context, Row } from "../condition/context.js"
import { compileMatrix } from "../matrix/matrix.js"
import { assertAllowed, decide } from "./decide.js"
import { explain } from "./explain.js"
import type { Question } from "./question.js"

const matrix = compileMatrix(clinic(), { columnTypes })
const read = { action: "read", table: "clinical_note", row: note } satisfies Question

describe("a decision", () => {
  it("allows when every layer holds, and names the rule", () => {
    expect(decide(matrix, doctor, read)).toEqual({
      effect: "allow",
      rule: "roles.doctor.can.public.clinical_note.read",
      reason: "granted",
      message: "every layer holds",
    })
  })

  it.each<[string, Partial<Context>, Partial<Omit<Question, "row">> & { row?: Row | undefined }]>([
    ["unknown-action", {}, { action: "burn" }],
    ["unknown-role", { role: "surgeon" }, {}],
    ["unknown-role", { service: true }, {}],
    ["unknown-table", {}, { table: "constructor" }],
    ["no-cell", {}, { action: "delete" }],
    ["column-hidden", { role: "reception" }, { table: "patient", columns: ["id", "hiv_status"] }],
    ["column-hidden", {}, { columns: ["constructor"] }],
    ["other-purpose", { purpose: "billing" }, {}],
    ["other-purpose", { purpose: "curiosity" }, { table: "drug" }],
    [
      "second-factor",
      { mfaAt: null },
      { action: "export", table: "patient", row: { id: "p1", clinic_id: "t1", branch_id: "b1" } },
    ],
    ["other-scope", {}, { row: { ...note, branch_id: "b2" } }],
    ["other-scope", {}, { row: { ...note, clinic_id: "t2" } }],
    ["other-scope", {}, { row: { id: "n1" } }],
    ["other-subject", { only: ["p2"] }, {}],
    ["no-row", {}, { row: undefined }],
    ["condition", { assignments: {} }, {}],
    ["condition", {}, { action: "update", row: { ...note, status: "signed" } }],
    ["condition", {}, { action: "update", row: { ...note, author: null } }],
    ["changed-row", {}, { action: "update", after: { ...note, author: "ravi" } }],
    ["other-scope", {}, { action: "update", after: { ...note, branch_id: "b2" } }],
    // What is printed must be readable.
    ["condition", { actor: "ravi" }, { action: "print" }],
  ])("denies with %s: %o asks %o", (reason, context, question) => {
    const { row, ...asked } = { ...read, ...question }
    const whole = row === undefined ? asked : { ...asked, row }
    expect(decide(matrix, { ...doctor, ...context }, whole)).toMatchObject({ effect: "deny", reason })
  })

  it("lets a doctor sign an own draft, because the changed row has a condition of its own", () => {
    const signed = { ...note, status: "signed" }
    expect(decide(matrix, doctor, { action: "update", table: "clinical_note", row: note, after: signed }).effect).toBe(
      "allow",
    )
  })

  it("never shows a value of the row", () => {
    const secret = { ...note, author: "canary-quartz", status: "canary-saffron" }
    const { text } = explain(matrix, doctor, { ...read, action: "update", row: secret })
    expect(text).not.toContain("canary")
  })
})

describe("an explanation", () => {
  it("shows every layer and every part of a condition", () => {
    const asked = { action: "update", table: "clinical_note", row: { ...note, status: "signed" } }
    expect(explain(matrix, doctor, asked).text).toBe(
      [
        "deny",
        "  yes  matrix cell: doctor may update public.clinical_note  (roles.doctor.can.public.clinical_note.update)",
        "  yes  column grant: every column  (roles.doctor.can.public.clinical_note.update)",
        "  yes  purpose: for care or billing  (roles.doctor.can.public.clinical_note.update)",
        "  yes  fence: the row lies in the context's branch",
        "  NO   policy predicate: own-and-unsigned: author is the actor and status is draft  (roles.doctor.can.public.clinical_note.update.when)",
        "         yes  author is the actor",
        "         NO   status is draft",
      ].join("\n"),
    )
  })

  it("says the same as the decision", () => {
    for (const action of ["create", "read", "update", "delete", "print", "share", "nonsense"]) {
      const asked = { ...read, action }
      expect(explain(matrix, doctor, asked).effect).toBe(decide(matrix, doctor, asked).effect)
    }
  })
})

describe("a handler", () => {
  it("gets a distinct error when a newer second factor would help", () => {
    const asked = { action: "export", table: "patient", columns: ["id"] }
    expect(() => assertAllowed(matrix, doctor, asked)).not.toThrow()
    const late = { ...doctor, now: new Date("2026-11-26T10:11:00Z") }
    expect(() => assertAllowed(matrix, late, asked)).toThrow(
      expect.objectContaining({
        code: "WK204",
        http: 401,
        message: "A second factor not older than 900 seconds is needed",
      }),
    )
    expect(() => assertAllowed(matrix, { ...doctor, purpose: "billing" }, read)).toThrow(
      expect.objectContaining({ code: "WK205", http: 403 }),
    )
    expect(() => assertAllowed(matrix, doctor, { ...asked, action: "delete" })).toThrow(
      expect.objectContaining({ code: "WK201", http: 403 }),
    )
  })
})
