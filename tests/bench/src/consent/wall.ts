import { measure } from "../audit/stage.ts"
import { consentBars } from "../bars.ts"
import type { Figure } from "../figures.ts"
import type { BenchResult, Variant } from "../rounds.ts"
import { rounded } from "../statistics.ts"
import { personId } from "./prepare.ts"
import { type Ask, type ConsentStage, opening } from "./stage.ts"

export interface Measurement {
  readonly benches: readonly BenchResult[]
  readonly figures: readonly Figure[]
}

const one =
  (people: number): Ask =>
  (wk, session) =>
  async () => {
    const id = personId(Math.floor(Math.random() * Math.min(people, 500)))
    const { rows } = await wk.run(session, () =>
      wk.query<{ id: string }>("select id, full_name, born_on from patient where id = $1", [id]),
    )
    if (rows.length !== 1 || rows[0]?.id !== id) throw new Error("the reply is not the row that was asked for")
  }

/** Counted in the database: to send the rows would cost both the same and hide what the wall costs. */
const all =
  (people: number): Ask =>
  (wk, session) =>
  async () => {
    const { rows } = await wk.run(session, () =>
      wk.query<{ n: number }>("select count(*)::integer as n, sum(length(full_name)) as letters from patient"),
    )
    if (rows[0]?.n !== people) throw new Error(`a scan of ${rows[0]?.n} rows instead of ${people}`)
  }

const pointRounds = { rounds: 41, operations: 100, warmUp: 5 }
const scanRounds = { rounds: 25, operations: 10, warmUp: 5 }

/** A purpose that waits against care, on one connection; the roles differ, because a role with both has the wall under either. */
export async function wall(stage: ConsentStage): Promise<Measurement> {
  const { ledger, people } = stage
  const compare = (name: string, ask: Ask, rounds: typeof pointRounds): Promise<BenchResult> =>
    opening(async (open) => {
      const [wk, again] = [open(ledger), open(ledger)]
      const [care, outreach, both] = await Promise.all([
        ledger.session("head", "care"),
        ledger.session("caller", "outreach"),
        ledger.session("both", "care"),
      ])
      const variants: Variant[] = [
        { name: "care", kind: "floor", run: ask(wk, care) },
        { name: "the floor again", kind: "noise", run: ask(again, care) },
        { name: "outreach, waits for consent", kind: "ours", run: ask(wk, outreach) },
        { name: "care, by a role that has outreach too", kind: "note", run: ask(wk, both) },
      ]
      return await measure(stage, name, variants, rounds)
    })
  const waiting = "outreach, waits for consent"
  const ratio = (bench: BenchResult): Pick<Figure, "unit" | "measured" | "iqr"> => {
    const iqr = bench.iqr[waiting]
    return { unit: "×", measured: bench.ours[waiting] ?? Number.NaN, ...(iqr && { iqr }) }
  }
  const point = await compare("one person under a purpose that waits", one(people), pointRounds)
  const scan = await compare(`${people} rows under a purpose that waits`, all(people), scanRounds)
  const added = rounded((point.added[waiting] ?? Number.NaN) / 1000)
  return {
    benches: [point, scan],
    figures: [
      {
        what: "one person under a purpose that waits, added",
        unit: "ms",
        measured: added,
        most: consentBars.pointAdded,
      },
      { what: point.name, ...ratio(point) },
      { what: scan.name, ...ratio(scan), most: consentBars.scan },
    ],
  }
}

/** What `wk_restricted` costs those who wait for nothing: the same rows without a ledger are the floor. */
export async function restriction(stage: ConsentStage): Promise<Measurement> {
  const { ledger, bare, people } = stage
  const compare = (name: string, ask: Ask, rounds: typeof pointRounds): Promise<BenchResult> =>
    opening(async (open) => {
      const [without, again, under] = [open(bare), open(bare), open(ledger)]
      const [there, here] = await Promise.all([bare.session("head", "care"), ledger.session("head", "care")])
      const variants: Variant[] = [
        { name: "no ledger", kind: "floor", run: ask(without, there) },
        { name: "the floor again", kind: "noise", run: ask(again, there) },
        { name: "restricted", kind: "ours", run: ask(under, here) },
      ]
      return await measure(stage, name, variants, rounds)
    })
  const benches = [
    await compare("restriction of erased persons, one person under care", one(people), pointRounds),
    await compare(`restriction of erased persons, ${people} rows under care`, all(people), scanRounds),
  ]
  const figures = benches.map((bench): Figure => {
    const iqr = bench.iqr.restricted
    return { what: bench.name, unit: "×", measured: bench.ours.restricted ?? Number.NaN, ...(iqr && { iqr }) }
  })
  return { benches, figures }
}
