import { parsePolicy } from "@wardkeep/core"
import { describe, expect, it } from "vitest"
import { generator, pick } from "#tests/fuzz/random.ts"
import type { Access } from "./accesses.js"
import type { Material, RuleHit } from "./hit.js"
import { hitsOf } from "./rules.js"

const { detection } = parsePolicy({
  tenancy: { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } },
  tables: { patient: { scope: "branch", subject: "id" } },
  purposes: { care: { basis: "s7a" } },
  roles: { privacy: { purposes: ["care"], can: { patient: "read" } } },
  detection: {
    reviewedBy: ["privacy"],
    explanations: { registered: { row: "patient", at: "created_at" } },
    hours: { from: "20:00", until: "06:00" },
    volume: { least: 5 },
    walk: { persons: 4, within: "PT2M" },
    refusals: { n: 5, within: "PT1M" },
  },
})
if (detection === null) throw new Error("it has one")
const rules = detection
const start = Date.parse("2026-11-02T00:00:00Z")
const at = (second: number): string => new Date(start + second * 1000).toISOString()
const access = (n: number, over: Partial<Access> = {}): Access => ({
  ...{
    event: `1-${n}`,
    access: String(n),
    at: at(n),
    actor: "asha",
    role: "nurse",
    purpose: "care",
    branch: "b",
    session: null,
  },
  ...{
    verb: "view",
    relation: "public.patient",
    subject: String(n),
    persons: 1,
    class: "named",
    assigned: null,
    number: null,
  },
  ...{ explanations: [], queuedAt: null, review: null, ...over },
})
const none: Material = { accesses: [], baseline: [], refusals: [], overdue: [] }
const found = (material: Partial<Material>, rule: string): RuleHit[] =>
  hitsOf(rules, { ...none, ...material }).hits.filter((hit) => hit.rule === rule)

const distinct = (events: readonly string[]): string => [...new Set(events)].sort().join(" ")

/** Whether four persons follow each other in order within two minutes, asked of every place of every actor's list. */
function walksAt(rows: readonly Access[]): Set<string> {
  const events = new Set<string>()
  for (const actor of new Set(rows.map((row) => row.actor))) {
    const own = rows.filter(
      (row) => row.actor === actor && row.class === "named" && row.explanations.length === 0 && row.persons === 1,
    )
    const steps: Access[][] = []
    for (const row of own) {
      if (steps.at(-1)?.[0]?.subject === row.subject) steps.at(-1)?.push(row)
      else steps.push([row])
    }
    for (let i = 0; i + 4 <= steps.length; i++) {
      const four = steps.slice(i, i + 4)
      const numbers = four.map(([first]) => Number(first?.subject))
      const up = numbers.every((n, index) => index === 0 || n > (numbers[index - 1] ?? 0))
      const down = numbers.every((n, index) => index === 0 || n < (numbers[index - 1] ?? 0))
      const took = Date.parse(four[3]?.[0]?.at ?? "") - Date.parse(four[0]?.[0]?.at ?? "")
      if ((up || down) && took <= 120_000) for (const { event } of four.flat()) events.add(event)
    }
  }
  return events
}

describe("random histories", () => {
  const seed = Number(process.env.WARDKEEP_FUZZ_SEED ?? Date.now() % 2 ** 31)
  const random = generator(seed)
  it(`agree with a second reading of the rules (seed ${seed})`, () => {
    let walks = 0
    for (let round = 0; round < 40; round++) {
      let second = 0
      const accesses = Array.from({ length: 120 }, (_, n) => {
        second += Math.floor(random() * 30)
        return access(n, {
          at: at(second),
          actor: pick(random, ["asha", "ravi"]),
          subject: String(Math.floor(random() * 12)),
          explanations: random() < 0.2 ? ["visit"] : [],
          persons: random() < 0.1 ? 3 : 1,
          class: random() < 0.1 ? "service" : "named",
        })
      })
      const refusals = accesses.map((one) => ({ ...one, n: 1 + Math.floor(random() * 2) }))
      const baseline = Array.from({ length: 20 }, (_, n) => ({
        role: "nurse",
        actor: `a${n % 3}`,
        day: `d${n}`,
        persons: Math.floor(random() * 12),
      }))
      const walked = found({ accesses }, "walk").flatMap(({ events }) => events)
      expect(distinct(walked), `seed ${seed}, round ${round}`).toBe(distinct([...walksAt(accesses)]))
      walks += walked.length
      for (const actor of ["asha", "ravi"]) {
        const own = refusals.filter((one) => one.actor === actor)
        const wanted = own.some((one) => {
          const minute = own.filter(
            (other) => other.at >= one.at && Date.parse(other.at) - Date.parse(one.at) <= 60_000,
          )
          return minute.reduce((sum, { n }) => sum + n, 0) >= 5
        })
        expect(
          found({ refusals }, "refusals").some((hit) => hit.actor === actor),
          `seed ${seed}`,
        ).toBe(wanted)
        const persons = new Set(
          accesses.flatMap((one) => (one.actor === actor && one.class === "named" ? [one.subject] : [])),
        ).size
        // Of 20 days, 99 of 100 are all of them.
        const most = Math.max(...baseline.map((day) => day.persons))
        expect(
          found({ accesses, baseline }, "volume").some((hit) => hit.actor === actor),
          `seed ${seed}`,
        ).toBe(persons > most)
      }
      const once = JSON.stringify(hitsOf(rules, { accesses, refusals, baseline, overdue: [] }))
      expect(JSON.stringify(hitsOf(rules, { accesses, refusals, baseline, overdue: [] }))).toBe(once)
    }
    expect(walks, `seed ${seed}`).toBeGreaterThan(20)
  })
})

describe("each rule", () => {
  it("judges no volume of a role with too few days, and says so", () => {
    const accesses = Array.from({ length: 50 }, (_, n) => access(n))
    const few = [1, 2, 3, 4].map((n) => ({ role: "nurse", actor: "a", day: `d${n}`, persons: 1 }))
    expect(hitsOf(rules, { ...none, accesses, baseline: few }).tooLittle).toEqual([
      { role: "nurse", days: 4, people: 1, bound: null },
    ])
    const enough = [...few, { role: "nurse", actor: "b", day: "d5", persons: 49 }]
    expect(found({ accesses, baseline: enough }, "volume")).toMatchObject([
      { actor: "asha", events: accesses.map(({ event }) => event) },
    ])
    expect(found({ accesses: accesses.slice(1), baseline: enough }, "volume")).toEqual([])
  })

  it("walks by number where there is one, down as well as up, and slowly is no walk", () => {
    const numbered = ["9", "10", "11", "100"].map((number, n) => access(n, { number, subject: `s${9 - n}` }))
    expect(found({ accesses: numbered }, "walk")).toMatchObject([
      { sentence: expect.stringContaining("opened 4 persons one by one in ascending") },
    ])
    expect(found({ accesses: numbered.map((one, n) => ({ ...one, number: String(9 - n) })) }, "walk")).toHaveLength(1)
    expect(found({ accesses: numbered.map((one, n) => ({ ...one, at: at(n * 100) })) }, "walk")).toEqual([])
    expect(found({ accesses: numbered.map((one) => ({ ...one, explanations: ["visit"] })) }, "walk")).toEqual([])
  })

  it("knows hours over midnight, and asks nobody who has a reason", () => {
    const hours = (hour: number, over: Partial<Access> = {}) =>
      found({ accesses: [access(hour * 3600, over)] }, "outside_hours")
    expect([5, 6, 19, 20].map((hour) => hours(hour).length)).toEqual([0, 1, 1, 0])
    expect(hours(12, { explanations: ["visit"] })).toEqual([])
  })

  it("asks about an access outside of an assignment, and not where the database does not know", () => {
    expect(
      [false, true, null].map(
        (assigned) => found({ accesses: [access(1, { assigned })] }, "outside_assignment").length,
      ),
    ).toEqual([1, 0, 0])
  })

  it("says of an emergency whether it was reviewed late or not at all", () => {
    const overdue = [null, at(99)].map((reviewed) => ({
      actor: "asha",
      role: "doctor",
      at: at(0),
      reviewed,
      events: ["1-1"],
    }))
    expect(found({ overdue }, "emergency_without_review").map(({ sentence }) => sentence)).toEqual([
      expect.stringContaining("was not reviewed within 72 hours"),
      expect.stringContaining("only, not within 72 hours"),
    ])
  })
})
