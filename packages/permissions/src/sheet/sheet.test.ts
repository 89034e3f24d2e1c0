import { actions, type Policy, replaceCells } from "@wardkeep/core"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { clinic } from "#tests/permissions/clinic.ts"
import { diffText } from "../diff/diff.js"
import { readCsv, writeCsv } from "./csv.js"
import { exportCsv } from "./export.js"
import { importCsv } from "./import.js"

const policy = clinic()
const imported = (csv: string): string => {
  try {
    return diffText(importCsv(policy, csv).changes)
  } catch (error) {
    return error instanceof Error ? error.message : "?"
  }
}

describe("a sheet", () => {
  it("reads as people write it", () => {
    const sheet = exportCsv(policy)
    expect(sheet.split("\r\n")[0]).toBe("table,action,reception,doctor,locum,billing")
    expect(sheet).toContain("public.patient,read,columns id; name; phone,yes,yes,columns id; name\r\n")
    expect(sheet).toContain(
      "public.clinical_note,update,,when own-and-unsigned | after own,when own-and-unsigned | after own,\r\n",
    )
    expect(sheet).toContain("public.patient,export,,columns id; name | mfa PT900S,columns id; name | mfa PT900S,\r\n")
  })

  it("changes exactly the cells it names, and says what that means", () => {
    expect(
      imported("table,action,reception\npatient,delete,yes\ninvoice,read,no\npatient,update,columns phone; name"),
    ).toBe(
      [
        "reception loses: read public.invoice",
        "reception gains: update public.patient (name)",
        "reception gains: delete public.patient",
      ]
        .sort((a, b) => Number(a.includes("invoice")) - Number(b.includes("invoice")))
        .join("\n"),
    )
  })

  it.each([
    ["", "line 1: begin with `table,action`"],
    ["role,table\nx,y", "line 1: begin with `table,action`"],
    ["table,action,surgeon\n", 'line 1: "surgeon" is not a role'],
    ["table,action,doctor,doctor\n", 'line 1: "doctor" stands there twice'],
    ["table,action,doctor\npatients,read,yes", 'line 2: "patients" is not a table'],
    ["table,action,doctor\npatient,burn,yes", 'line 2: "burn" is not an action'],
    ["table,action,doctor\npatient,read,maybe", "line 2, doctor: write yes, no, or parts"],
    ["table,action,doctor\npatient,read,when", "line 2, doctor: write yes, no, or parts"],
    ["table,action,doctor\npatient,read,when own | when own", "line 2, doctor: write yes, no, or parts"],
    ["table,action,doctor\npatient,read,columns a;; b", "line 2, doctor: write yes, no, or parts"],
    ["table,action,doctor\npatient,read,when mine", "when: mine is not under conditions"],
    ["table,action,doctor\npatient,read,for fun", "purposes: fun is not under purposes"],
    ["table,action,doctor\npatient,read,mfa 15 minutes", "mfa: write an ISO 8601 duration"],
    ["table,action,doctor\npatient,read,yes,no", "line 2: has 2 cells, and the first line names 1 roles"],
    ["table,action,doctor\npatient,read,yes\npatient,read,no", "line 3: public.patient read stands there twice"],
    ['table,action,doctor\n"patient,read,yes', "line 2 of the sheet: a quote is out of place"],
    ["table,action,reception\ninvoice,print,yes\ninvoice,read,no", "needs read, which this cell does not give"],
  ])("is refused whole: %j", (csv, message) => {
    const before = exportCsv(policy)
    expect(imported(csv)).toContain(message)
    expect(exportCsv(policy)).toBe(before)
  })

  it("comes back as it went out, whatever the cells are", () => {
    const column = fc.oneof(
      fc.constantFrom("id", "=cmd()", "'odd", "a;b", 'q"uote', "a|b", " space ", "-1", "yes"),
      fc.string({ minLength: 1, maxLength: 8 }),
    )
    const columns = fc.uniqueArray(
      column.filter((name) => !/[\r\n\0]/.test(name) && name.trim() !== ""),
      { minLength: 1, maxLength: 3 },
    )
    const tie = fc.record(
      {
        when: fc.constantFrom("own", "own-and-unsigned"),
        purposes: fc.constant(["care"]),
        mfa: fc.constantFrom("PT15M", "PT1H"),
      },
      { requiredKeys: [] },
    )
    const cell = fc.oneof(
      fc.boolean(),
      columns,
      fc.tuple(tie, columns).map(([ties, list]) => ({ ...ties, columns: list })),
    )
    fc.assert(
      fc.property(
        fc.record({ create: cell, read: fc.constant(true), update: cell, print: cell, share: cell }),
        (drawn) => {
          const changed: Policy = replaceCells(policy, { doctor: { "public.clinical_note": drawn } })
          const { policy: back, changes } = importCsv(changed, exportCsv(changed))
          expect(changes).toEqual([])
          for (const action of actions)
            expect(back.actors[1]?.can.get("public.clinical_note")?.rules[action]).toEqual(
              changed.actors[1]?.can.get("public.clinical_note")?.rules[action],
            )
        },
      ),
    )
  })
})

describe("CSV", () => {
  it("gives back every field, and no formula to a spreadsheet", () => {
    const field = fc.oneof(fc.string(), fc.constantFrom('a"b', "a,b", "a\r\nb", "=1+1", "'x", " x ", ""))
    fc.assert(
      fc.property(fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { maxLength: 4 }), (lines) => {
        const text = writeCsv(lines)
        expect(readCsv(text).map(({ fields }) => fields)).toEqual(lines)
        for (const one of lines.flat()) expect(writeCsv([[one]])).not.toMatch(/^"?[=+\-@\t]/)
      }),
    )
    expect(writeCsv([["=1+1", "-2", "@x"]])).toBe("'=1+1,'-2,'@x\r\n")
  })

  it("counts lines as a sheet shows them", () => {
    expect(readCsv('\uFEFFa,"b\nc"\n\nd,e').map(({ number }) => number)).toEqual([1, 4])
  })
})
