import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { DecisionKind, Giver } from "./event.js"
import { adultFrom } from "./majority.js"
import { type ConsentState, consentAt } from "./state.js"

const seed = Number(process.env.WARDKEEP_SEED ?? Date.now() % 2 ** 31)
const start = Date.UTC(2026, 0, 1)

interface Act {
  readonly at: string
  readonly kind: DecisionKind
  readonly purpose: string
  readonly by: Giver
  readonly valid_until: Date | null
}

const text = (minutes: number, micro: number) =>
  new Date(start + minutes * 60_000).toISOString().replace(/\.\d+Z$/, `.${String(micro).padStart(6, "0")}Z`)

const acts = fc
  .uniqueArray(
    fc.record({
      minute: fc.nat(400_000),
      micro: fc.nat(3),
      kind: fc.constantFrom<DecisionKind>(
        ...([
          "requested",
          "granted",
          "refused",
          "withdrawn",
          "renewed",
          "expired",
          "objected",
          "objection_lifted",
        ] as const),
      ),
      purpose: fc.constantFrom("outreach", "research"),
      by: fc.constantFrom<Giver>("subject", "parent", "child_guardian", "guardian", "nominee"),
      lasts: fc.option(fc.nat(100_000)),
    }),
    { maxLength: 12, selector: ({ minute, micro }) => `${minute}.${micro}` },
  )
  .map((drawn) =>
    drawn.map(
      ({ minute, micro, kind, purpose, by, lasts }): Act => ({
        at: text(minute, micro),
        kind,
        purpose,
        by,
        valid_until: lasts === null ? null : new Date(start + (minute + lasts) * 60_000),
      }),
    ),
  )

/**
 * The same question asked backwards and by text: the newest act that matters is looked for, and each reason why it might not
 * hold is a sentence of its own. Shares nothing with the fold.
 */
function oracle(
  history: readonly Act[],
  purpose: string,
  at: string,
  born: string | null,
): Omit<ConsentState, "until"> {
  const past = history.filter((act) => act.purpose === purpose && act.at <= at).sort((a, b) => b.at.localeCompare(a.at))
  const objection = past.find(({ kind }) => kind.startsWith("objec"))
  const objected = objection?.kind === "objected"
  const newest = past.find(({ kind }) => !kind.startsWith("objec"))
  if (newest === undefined) return { state: "none", objected }
  const said = { objected, since: newest.at, by: newest.by }
  if (!["granted", "renewed"].includes(newest.kind)) return { state: newest.kind as ConsentState["state"], ...said }
  const [year = "", rest = ""] = born === null ? [] : [born.slice(0, 4), born.slice(4)]
  // Midnight in India is half past six in the evening before, in UTC.
  const birthday = born === null ? null : Date.parse(`${Number(year) + 18}${rest}T00:00:00Z`) - 330 * 60_000
  const wasAdult = birthday !== null && birthday <= Date.parse(newest.at)
  const isAdult = birthday !== null && birthday <= Date.parse(at)
  const ranOut = newest.valid_until !== null && newest.valid_until.getTime() <= Date.parse(at)
  const parental = newest.by === "parent" || newest.by === "child_guardian"
  const holds = !ranOut && !(parental && isAdult) && !(!parental && !wasAdult)
  return { state: holds ? "granted" : "expired", ...said }
}

const sorted = (state: object): string => JSON.stringify(Object.entries(state).sort(([a], [b]) => (a < b ? -1 : 1)))

describe("where a person stood", () => {
  it(`is what another reading of 10,000 histories says, at every moment (seed ${seed})`, () => {
    const born = fc.constantFrom(null, "1990-05-05", "2008-03-10", "2008-09-30", "2015-01-01")
    fc.assert(
      fc.property(acts, born, (history, birth) => {
        const moments = history.flatMap(({ at, valid_until }) => [
          at,
          ...(valid_until ? [valid_until.toISOString().replace("Z", "000Z")] : []),
        ])
        if (birth !== null && birth > "2008" && birth < "2009")
          moments.push(adultFrom(birth).toISOString().replace("Z", "000Z"))
        for (const at of [text(0, 0), ...moments])
          for (const purpose of ["outreach", "research"]) {
            const { until: _, ...told } = consentAt(history, { purpose, at, born: birth })
            const expected = oracle(history, purpose, at, birth)
            // Comparing by text first: a million calls of expect would take most of the time.
            if (sorted(told) !== sorted(expected)) expect(told).toEqual(expected)
          }
      }),
      { numRuns: 10_000, seed },
    )
  })

  it("ends for a parent's yes at the first moment of the eighteenth birthday in India", () => {
    const given: Act = { at: text(0, 0), kind: "granted", purpose: "outreach", by: "parent", valid_until: null }
    const state = (at: string) => consentAt([given], { purpose: "outreach", at, born: "2008-12-31" }).state
    expect(state("2026-12-30T18:29:59.999999Z")).toBe("granted")
    expect(state("2026-12-30T18:30:00.000000Z")).toBe("expired")
    expect(adultFrom("2008-02-29").toISOString()).toBe("2026-02-27T18:30:00.000Z")
    expect(() => adultFrom("2008-02-30")).toThrowError(expect.objectContaining({ code: "WK009" }))
  })

  it.each(["2027-06-01T00:00:00", "2027-06-01", "yesterday", "", new Date(Number.NaN)])(
    "is asked at a moment, which %s is not: without an offset it would be another one on each machine",
    (at) => {
      expect(() => consentAt([], { purpose: "outreach", at })).toThrow(expect.objectContaining({ code: "WK009" }))
    },
  )
})
