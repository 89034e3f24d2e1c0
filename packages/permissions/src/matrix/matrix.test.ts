import { actions, definePolicy } from "@wardkeep/core"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { clinic, columnTypes } from "#tests/permissions/clinic.ts"
import { compileMatrix } from "./matrix.js"

const matrixOf = (purposes: { readonly outreach: { readonly basis: string } }) => {
  const policy = definePolicy({
    tenancy: { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } },
    tables: { patient: { scope: "branch", subject: "id" } },
    purposes,
    consent: { subjects: "patient", born: "born_on", recordedBy: ["caller"], noticesBy: ["caller"] },
    roles: { caller: { purposes: ["outreach"], can: { patient: "read" } } },
  })
  const matrix = compileMatrix(policy)
  const [role, cell] = [matrix.role("caller"), matrix.cell("patient", "read")]
  return { role, cell, can: matrix.can.bind(matrix), could: matrix.could.bind(matrix) }
}

describe("the compiled matrix", () => {
  const matrix = compileMatrix(clinic(), { columnTypes })

  it("says what holds always and what could hold", () => {
    const doctor = matrix.role("doctor")
    const of = (action: "create" | "read" | "update" | "delete" | "print"): [boolean, boolean] => {
      const cell = matrix.cell("clinical_note", action)
      return [matrix.can(doctor, cell), matrix.could(doctor, cell)]
    }
    expect(of("create")).toEqual([true, true])
    expect(of("read")).toEqual([false, true])
    expect(of("update")).toEqual([false, true])
    expect(of("delete")).toEqual([false, false])
    // Printing asks what reading asks.
    expect(of("print")).toEqual([false, true])
  })

  it("says of no row about a person that it holds always, where a purpose waits for that person", () => {
    const { role, cell, can, could } = matrixOf({ outreach: { basis: "consent" } })
    expect([can(role, cell), could(role, cell)]).toEqual([false, true])
    const without = matrixOf({ outreach: { basis: "s7a" } })
    expect(without.can(without.role, without.cell)).toBe(true)
  })

  it("knows columns", () => {
    expect(matrix.allows("reception", "patient", "read", "phone")).toBe(true)
    expect(matrix.allows("reception", "patient", "read", "hiv_status")).toBe(false)
    expect(matrix.allows("reception", "patient", "update", "name")).toBe(false)
    expect(matrix.allows("doctor", "patient", "read", "hiv_status")).toBe(true)
    expect(matrix.allows("billing", "invoice", "delete", "amount"), "rows are deleted whole").toBe(false)
    expect(matrix.could(matrix.role("doctor"), matrix.cell("patient", "export", "phone"))).toBe(false)
  })

  it("keeps roles and services of one name apart", () => {
    expect(matrix.can(matrix.role("doctor", "service"), matrix.cell("patient", "read"))).toBe(false)
  })

  it("denies whatever is unknown, with and without the database's columns", () => {
    for (const one of [matrix, compileMatrix(clinic())]) {
      const word = fc.oneof(fc.string(), fc.constantFrom("constructor", "__proto__", "toString", "public.", "doctor"))
      fc.assert(
        fc.property(word, word, word, word, (role, table, action, column) => {
          const anyRole: (name: string) => number = (name) => Reflect.apply(one.role, one, [name])
          const known = anyRole("doctor")
          const cell = Reflect.apply(one.cell, one, [`no ${table}`, "read"])
          expect(Reflect.apply(one.can, one, [known, cell])).toBe(false)
          expect(Reflect.apply(one.cell, one, ["patient", `no ${action}`])).toBe(0)
          expect(Reflect.apply(one.cell, one, ["patient", "read", `no ${column}`])).toBe(0)
          expect(anyRole(`no ${role}`)).toBe(0)
          for (const action of actions)
            expect(one.could(one.role("nobody" as "doctor"), one.cell("patient", action))).toBe(false)
        }),
      )
    }
  })

  it("refuses columns and tables that the database does not have, all at once", () => {
    const without = new Map(columnTypes)
    without.delete("public.drug")
    without.set(
      "public.clinical_note",
      new Map([
        ["patient_id", { type: "uuid" }],
        ["status", { type: "text" }],
      ]),
    )
    const attempt = (): unknown => compileMatrix(clinic(), { columnTypes: without })
    expect(attempt).toThrow(expect.objectContaining({ code: "WK002" }))
    expect(attempt).toThrow("conditions.own on public.clinical_note: a condition names the column author")
    expect(attempt).toThrow("conditions.on-the-team on public.clinical_note: public.clinical_note.patient_id is uuid")
    expect(attempt).toThrow("roles.doctor.can.public.drug.read: the table public.drug is not there")
  })

  it("compiles 40 roles and 200 tables within a second", () => {
    const tables = Array.from({ length: 200 }, (_, n) => `table_${n}`)
    const columns = new Map(
      tables.map((table) => [
        `public.${table}`,
        new Map(
          ["id", "author", "status", ...Array.from({ length: 17 }, (_, n) => `c${n}`)].map((name) => [
            name,
            { type: "text" },
          ]),
        ),
      ]),
    )
    const can = Object.fromEntries(tables.map((table) => [table, { read: true, update: { when: "own" } }]))
    const roles = Array.from({ length: 40 }, (_, n) => [`role_${n}`, { purposes: ["care"], can }])
    // Processor time: the machine may be busy with other tests.
    const began = process.cpuUsage()
    const policy = definePolicy({
      tenancy: { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } },
      tables: Object.fromEntries(tables.map((table) => [table, { scope: "branch" as const }])),
      purposes: { care: { basis: "test" } },
      conditions: { own: { own: "author" } },
      roles: Object.fromEntries(roles),
    })
    const big = compileMatrix(policy, { columnTypes: columns })
    const took = process.cpuUsage(began).user / 1000
    expect(big.could(big.role("role_39"), big.cell("table_199", "update", "c16"))).toBe(true)
    console.log(`40 roles and 200 tables of 20 columns: ${took.toFixed(0)} ms`)
    expect(took).toBeLessThan(1000)
  })
})
