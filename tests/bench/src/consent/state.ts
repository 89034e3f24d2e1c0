import type { Session, Wardkeep } from "@wardkeep/postgres"
import { consentAt, history } from "wardkeep/consent"
import { consentBars } from "../bars.ts"
import type { Figure } from "../figures.ts"
import { shuffled } from "../rounds.ts"
import { median, quantile, ratioOf, rounded } from "../statistics.ts"
import { consentPurposes } from "./policy.ts"
import { expectedStates, type Ledger, personId } from "./prepare.ts"
import { type ConsentStage, opening } from "./stage.ts"
import type { Measurement } from "./wall.ts"

/** Visits of each person: with five purposes, a hundred decisions. */
export const acts = 20
export const eventsOfOne = acts * consentPurposes.length + 1

/** Milliseconds from the question to the state of each purpose; a wrong answer throws. */
async function timed(wk: Wardkeep, session: Session, subject: string): Promise<number> {
  const began = performance.now()
  const events = await wk.run(session, () => history(wk, subject))
  const at = new Date()
  const states = consentPurposes.map((purpose) => consentAt(events, { purpose, at }).state)
  const took = performance.now() - began
  if (events.length !== eventsOfOne) throw new Error(`a history of ${events.length} events instead of ${eventsOfOne}`)
  if (states.join() !== expectedStates.join())
    throw new Error(`the states ${states.join()} are not those that were loaded`)
  return took
}

/** Where one person stands, in a small ledger and in a large one, in the same rounds. */
export async function state(stage: ConsentStage): Promise<Measurement> {
  const { few, many, fewPeople, manyPeople, quick, report } = stage
  const [rounds, asked] = quick ? [7, 30] : [25, 100]
  const where = stage.placement.oneCore()
  return await opening(async (open) => {
    const sides = await Promise.all(
      [
        { ledger: few, people: fewPeople },
        { ledger: many, people: manyPeople },
      ].map(async ({ ledger, people }) => ({
        people,
        wk: open(ledger),
        session: await ledger.session("desk", "care"),
        medians: [] as number[],
        all: [] as number[],
      })),
    )
    // Round -1 is not counted: a session meets code and pages for the first time.
    for (let round = -1; round < rounds; round++) {
      for (const { wk, session, people, medians, all } of shuffled(sides)) {
        const times: number[] = []
        for (let at = 0; at < asked; at++)
          times.push(await timed(wk, session, personId(Math.floor(Math.random() * people))))
        if (round >= 0) medians.push(median(times))
        if (round >= 0) all.push(...times)
      }
    }
    const [small, large] = sides
    if (small === undefined || large === undefined) throw new Error("there are two ledgers")
    const { ratio, iqr } = ratioOf(large.medians, small.medians)
    const events = large.people * eventsOfOne
    const size = `${large.people.toLocaleString("en")} persons, ${events.toLocaleString("en")} events`
    const p95 = rounded(quantile(large.all, 0.95))
    report(
      `\nstate of one person, ${rounds} rounds of ${asked}, ${where}: ${size}; p95 ${p95} ms; growth ${ratio.toFixed(2)}`,
    )
    const figures: Figure[] = [
      {
        what: `state of one person about five purposes, p95, ${size} (asked for: 1,000,000 persons, 100,000,000 events)`,
        unit: "ms",
        measured: p95,
        most: consentBars.stateP95,
      },
      {
        what: `state of one person, growth from ${small.people.toLocaleString("en")} to ${large.people.toLocaleString("en")} persons`,
        unit: "×",
        measured: rounded(ratio),
        iqr: [rounded(iqr[0]), rounded(iqr[1])],
        most: consentBars.stateGrowth,
      },
    ]
    return { benches: [], figures }
  })
}

/** Counts, so that the size in the report is what is there. */
export async function requireSize(
  ledger: Ledger,
  admin: { query(text: string): Promise<{ rows: { n: number }[] }> },
  people: number,
  each: number,
): Promise<void> {
  const { rows } = await admin.query("select count(*)::float8 as n from wardkeep_consent.event")
  if (rows[0]?.n !== people * each)
    throw new Error(`${ledger.policy.deployment} holds ${rows[0]?.n} events instead of ${people * each}`)
}
