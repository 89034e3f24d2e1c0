import { expect, test } from "vitest"
import { makeWorld } from "./world.js"

const small = makeWorld({ seed: 7, patients: 700 })

test("the same seed gives the same clinics, another seed gives others", () => {
  expect(makeWorld({ seed: 7, patients: 700 })).toEqual(small)
  expect(makeWorld({ seed: 8, patients: 700 }).patients[0]).not.toEqual(small.patients[0])
})

test("there are three clinics, seven branches and exactly as many patients as asked for", () => {
  expect(small.clinics).toHaveLength(3)
  expect(small.clinics.flatMap(({ branches }) => branches)).toHaveLength(7)
  expect(small.patients).toHaveLength(700)
})

test("phones, ABHA-like numbers and ids have their form, and ids are unique", () => {
  for (const { phone, abha } of small.patients) {
    expect(phone).toMatch(/^\+91[6-9]\d{9}$/)
    if (abha !== null) expect(abha).toMatch(/^99\d{12}$/)
  }
  const ids = [...small.patients, ...Object.values(small.care).flat()].map((row) => row.id)
  expect(new Set(ids).size).toBe(ids.length)
})

test("a branch's canary stands in its own rows and in no other branch's", () => {
  const branches = small.clinics.flatMap(({ branches }) => branches)
  const rows = [...small.patients, ...Object.values(small.care).flat()]
  for (const { id, canary } of branches) {
    const marked = rows.filter((row) => JSON.stringify(row).includes(canary))
    expect(marked.length).toBeGreaterThan(20)
    expect(marked.every((row) => row.branch_id === id)).toBe(true)
  }
})

test("every row of care belongs to the branch of its patient", () => {
  const branchOf = new Map(small.patients.map(({ id, branch_id }) => [id, branch_id]))
  for (const row of small.care.appointment) expect(branchOf.get(String(row.patient_id))).toBe(row.branch_id)
})
