import type pg from "pg"
import { connected } from "../data/prepare.ts"
import { type Figure, type FiguresReport, judged, type RunOptions } from "../figures.ts"
import { describeMachine, Placement } from "../machine.ts"
import type { BenchResult } from "../rounds.ts"
import { serverSettings, startServer } from "../server.ts"
import { rounded } from "../statistics.ts"
import { effect, refreshing } from "./effect.ts"
import { barePolicy, consentPolicy, consentPurposes } from "./policy.ts"
import { addHistories, addPeople, type Ledger, prepareLedger } from "./prepare.ts"
import type { ConsentStage } from "./stage.ts"
import { acts, eventsOfOne, requireSize, state } from "./state.ts"
import { type Measurement, restriction, wall } from "./wall.ts"

/** In this order: withdrawals change who is scanned, and refreshing leaves old versions of every row behind. */
const benches: Readonly<Record<string, (stage: ConsentStage) => Promise<Measurement>>> = {
  wall,
  restriction,
  state,
  effect,
  refreshing,
}

/**
 * `seconds`: after which the large ledger gets no further persons; it ends within one chunk of that. The bar's million persons
 * with a hundred million events take what the report extrapolates: hours, and more disk than most machines have to spare.
 */
const fullSize = { people: 20_000, few: 2_000, chunk: 2_500, most: 1_000_000, seconds: 90 }
const quickSize = { people: 1_000, few: 200, chunk: 500, most: 2_000, seconds: 20 }
type Size = typeof fullSize

export async function runConsent(
  options: RunOptions & {
    /** Loads the whole of what the bar asks for, however long that takes. */
    readonly whole: boolean
  },
): Promise<FiguresReport> {
  const unknown = options.benches.filter((name) => !(name in benches))
  if (unknown.length > 0)
    throw new Error(`no bench ${unknown.join(", ")}; there are ${Object.keys(benches).join(", ")}`)
  const machine = describeMachine()
  const server = await startServer(options.server)
  try {
    const stage = await prepareStage(server, options)
    const results: BenchResult[] = []
    const figures: Figure[] = []
    for (const [name, bench] of Object.entries(benches)) {
      if (options.benches.length > 0 && !options.benches.includes(name)) continue
      const measured = await bench(stage)
      results.push(...measured.benches)
      figures.push(...measured.figures)
    }
    return {
      set: "consent",
      machine,
      server: { version: stage.ledger.server, settings: serverSettings, fsync: false },
      node: process.versions.node,
      date: new Date().toISOString(),
      command: options.command,
      quick: options.quick,
      benches: results,
      bars: figures.map(judged),
    }
  } finally {
    await server.stop()
  }
}

async function prepareStage(
  server: { readonly url: string; readonly pid: number },
  options: {
    readonly quick: boolean
    readonly whole: boolean
    readonly benches: readonly string[]
    readonly report: (text: string) => void
  },
): Promise<ConsentStage> {
  const { quick, whole, benches, report } = options
  const size = {
    ...(quick ? quickSize : fullSize),
    ...(whole && { seconds: Number.POSITIVE_INFINITY, most: fullSize.most }),
  }
  // The others do not look at it, and loading it takes most of a run.
  const growing = benches.length === 0 || benches.some((name) => name === "state" || name === "refreshing")
  const prepare = (policy: Parameters<typeof prepareLedger>[1]): Promise<Ledger> => prepareLedger(server.url, policy)
  const bare = await prepare(barePolicy("bare"))
  const [ledger, few, many] = [
    await prepare(consentPolicy("consenting")),
    await prepare(consentPolicy("few")),
    await prepare(consentPolicy("many")),
  ]
  await filled(bare, (admin) => addPeople(admin, bare, 0, size.people))
  await filled(ledger, async (admin) => {
    await addPeople(admin, ledger, 0, size.people)
    await addHistories(admin, ledger, 0, size.people, 1)
    await admin.query("select wardkeep_consent.refresh_all()")
    await requireSize(ledger, admin, size.people, consentPurposes.length + 1)
  })
  const fewPeople = await loaded(few, { ...size, chunk: size.few, most: size.few })
  const began = Date.now()
  const manyPeople = await loaded(many, growing ? size : { ...size, chunk: size.few, most: size.few })
  const seconds = Math.round((Date.now() - began) / 1000)
  const gigabytes = await ledgerSize(many)
  const times = fullSize.most / manyPeople
  report(
    `PostgreSQL ${ledger.server}; ${manyPeople} persons, ${manyPeople * eventsOfOne} events loaded in ${seconds} s, ${rounded(gigabytes, 2)} GB; ` +
      `at this rate the bar's ${fullSize.most * eventsOfOne} take ${Math.round((seconds * times) / 60)} minutes and ${Math.round(gigabytes * times)} GB`,
  )
  const placement = new Placement(server.pid)
  return { ledger, bare, few, many, people: size.people, fewPeople, manyPeople, placement, quick, report }
}

async function ledgerSize({ adminUrl }: Ledger): Promise<number> {
  return await connected(adminUrl, async (admin) => {
    const { rows } = await admin.query(
      "select sum(pg_total_relation_size(t::regclass))::float8 / 1e9 as size from unnest(array['wardkeep_consent.event', 'wardkeep_consent.standing', 'wardkeep_consent.reach', 'patient']) t",
    )
    return rows[0]?.size ?? Number.NaN
  })
}

/** As many persons with their histories as the time allows. */
async function loaded(ledger: Ledger, { chunk, most, seconds }: Size): Promise<number> {
  let people = 0
  await filled(ledger, async (admin) => {
    for (const until = Date.now() + seconds * 1000; people < most && Date.now() < until; people += chunk) {
      await addPeople(admin, ledger, people, people + chunk)
      await addHistories(admin, ledger, people, people + chunk, acts)
    }
    await requireSize(ledger, admin, people, eventsOfOne)
  })
  return people
}

/** Tables of people without the versions that loading left; statistics, because nothing else makes them here. */
async function filled({ adminUrl }: Ledger, fill: (admin: pg.Client) => Promise<void>): Promise<void> {
  await connected(adminUrl, async (admin) => {
    await fill(admin)
    await admin.query("vacuum (full, analyze) patient")
    await admin.query("vacuum (analyze)")
  })
}
