import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { verifyDatabase } from "@wardkeep/audit/verify"
import pg from "pg"
import { runCli } from "../../cli/run-cli.ts"
import { connected } from "../../fixture/clinic.ts"
import { generator } from "../random.ts"
import { addPatients, type FuzzedClinic, patientOf } from "./clinic.ts"
import { type CursorName, Cursors } from "./cursors.ts"
import { happened } from "./expected.ts"
import { KeptCheckpoints } from "./kept-checkpoints.ts"
import { Ledger } from "./ledger.ts"
import { MortalSealer } from "./mortal-sealer.ts"
import { compare, type Difference } from "./oracle.ts"
import { PreparedTransactions } from "./prepared.ts"
import { compareTrees } from "./trees.ts"
import { alarmsOf } from "./verified.ts"
import { Writer } from "./writer.ts"

export interface FuzzOptions {
  readonly events: number
  readonly seed: number
  readonly writers: number
  readonly mostRows: number
  /** Seconds between two batches. */
  readonly every: number
  /** Milliseconds that a sealer lives on average. */
  readonly lifetime: number
  /** Ends of the sealer that there are at least, however fast the events are written. */
  readonly deaths: number
  /** Events committed since the newest checkpoint at which writers wait: a sealer that is killed again before it caught up would never. */
  readonly ahead: number
  /** Milliseconds between two looks of the cursors beside. */
  readonly look: number
}

export interface FuzzReport {
  /** What the writers know, to ask again. */
  readonly ledger: Ledger
  readonly events: number
  /** How often transactions ended in each way. */
  readonly ended: ReadonlyMap<string, number>
  readonly sealer: Pick<MortalSealer, "ends" | "deaths" | "complaints">
  /** Events that each cursor was given. */
  readonly found: Readonly<Record<CursorName, number>>
  readonly difference: Difference
  /** What heads and trees disagree about. */
  readonly trees: readonly string[]
  readonly kept: Pick<KeptCheckpoints, "all" | "torn">
  /** What anybody said against it, while it ran and at the end; and how often it was asked while it ran. */
  readonly alarms: readonly string[]
  readonly verified: number
}

/** Many writers, a sealer that is killed all the time, and three readers beside; until so many events are committed. */
export async function fuzzSealer(fuzzed: FuzzedClinic, options: FuzzOptions): Promise<FuzzReport> {
  const admin = new pg.Pool({ connectionString: fuzzed.adminUrl, max: 4 })
  try {
    return await connected(fuzzed.adminUrl, (beside) =>
      connected(fuzzed.adminUrl, (watching) => fuzzWith({ admin, beside, watching }, fuzzed, options)),
    )
  } finally {
    await admin.end()
  }
}

/** One for what writers ask, one for the cursors and one for the sealer's own fate: none waits for the other. */
interface Clients {
  readonly admin: pg.Pool
  readonly beside: pg.Client
  readonly watching: pg.Client
}

const sealArguments = (fuzzed: FuzzedClinic): string[] => [
  "audit",
  "seal",
  "--key",
  "seal.pem",
  "--out",
  "newest.txt",
  "--database-url",
  fuzzed.migratorUrl,
  "--json",
]

async function fuzzWith(
  { admin, beside, watching }: Clients,
  fuzzed: FuzzedClinic,
  options: FuzzOptions,
): Promise<FuzzReport> {
  const { folder, clinic, keys } = fuzzed
  const ledger = new Ledger()
  const sealer = new MortalSealer({
    folder,
    args: [...sealArguments(fuzzed), "--every", `${options.every}`],
    admin: watching,
    login: clinic.logins.migrator.user,
    lifetime: options.lifetime,
    random: generator(options.seed * 1000),
  })
  let counted = 0
  const kept = new KeptCheckpoints(join(folder, "newest.txt"), keys, () => {
    counted = ledger.events
  })
  const isAhead = (): boolean => ledger.events - counted > options.ahead
  const writers = await writersOf(fuzzed, options, { ledger, admin, sealer, kept })
  const cursors = new Cursors(beside)
  await cursors.begin()
  // A slow machine has fewer checkpoints in as many events; what never happens is for `expectSound` to say.
  const isRich = (): boolean => ledger.events >= 4 * options.events || happened.every((what) => ledger.ended.has(what))
  const isOver = (): boolean =>
    sealer.complaints.length > 0 || (ledger.events >= options.events && sealer.deaths >= options.deaths && isRich())
  const over = new AbortController()
  const around = [sealer.live(over.signal), kept.watch(over.signal), cursors.follow(options.look, over.signal)]
  const isEnded = (): boolean => over.signal.aborted || isOver()
  const checks = verifyWhile(fuzzed, isEnded, () => ledger.events / options.events)
  const broken = new Promise<never>((_, reject) => void Promise.all([...around, checks]).catch(reject))
  try {
    await Promise.race([Promise.all(writers.map((writer) => writer.write(isOver, isAhead))), broken])
    await endPrepared(writers)
  } finally {
    over.abort()
    // Whatever failed is told once nothing asks a server any more that is about to be stopped.
    await Promise.allSettled([...around, checks])
  }
  await Promise.all(around)
  const { alarms, verified } = await checks
  await sealTheRest(fuzzed)
  await kept.look()
  await cursors.look()
  alarms.push(...(await alarmsOf(fuzzed, kept.all)))
  const { events, ended } = ledger
  const [difference, trees] = [await compare(beside, ledger), await compareTrees(beside, kept.all)]
  return { ledger, events, ended, sealer, found: cursors.found, difference, trees, kept, alarms, verified }
}

interface Shared {
  readonly ledger: Ledger
  readonly admin: pg.Pool
  readonly sealer: MortalSealer
  readonly kept: KeptCheckpoints
}

/** Half of them in one branch, so that they meet; two that stay in their transactions for long. */
async function writersOf(fuzzed: FuzzedClinic, options: FuzzOptions, shared: Shared): Promise<Writer[]> {
  const { ledger, admin, sealer, kept } = shared
  const prepared = new PreparedTransactions(ledger, admin, () => sealer.life)
  const numbers = Array.from({ length: options.writers }, (_, index) => index + 1)
  const branchOf = (number: number): number => (number % 2 === 0 ? 0 : 1 + (number % 4 === 1 ? 0 : 1))
  await addPatients(fuzzed, (branch) => numbers.filter((number) => branchOf(number) === branch))
  return numbers.map((number) => {
    const branch = fuzzed.branches[branchOf(number)]
    if (branch === undefined) throw new Error("every writer has a branch")
    const { grant, contended } = branch
    const isSlow = number <= 2
    const pause = { longest: isSlow ? 2 * options.lifetime : 200, share: isSlow ? 0.5 : 0.02 }
    const own = {
      number,
      grant,
      contended,
      pause,
      patient: patientOf(number),
      sealed: () => kept.all.length,
      stays: isSlow,
    }
    return new Writer({
      ...own,
      url: fuzzed.appUrl,
      seed: options.seed,
      mostRows: options.mostRows,
      ledger,
      prepared,
      admin,
    })
  })
}

/** What was prepared last, by one who did not prepare it. */
async function endPrepared(writers: readonly Writer[]): Promise<void> {
  const [last] = writers
  if (last === undefined) return
  while (!last.prepared.empty) await last.endPrepared()
  await last.close()
}

/** Asked at each quarter of the way, while everybody works: a log that is sound has nothing but events that wait. */
async function verifyWhile(
  { adminUrl, keys }: FuzzedClinic,
  isOver: () => boolean,
  share: () => number,
): Promise<{ readonly alarms: string[]; readonly verified: number }> {
  const alarms: string[] = []
  let verified = 0
  while (!isOver()) {
    if (share() * 4 < verified + 1) await sleep(50)
    else {
      const { verdicts } = await connected(adminUrl, (client) => verifyDatabase({ client, keys }))
      alarms.push(
        ...verdicts.filter(({ name }) => name !== "UNSEALED").map(({ name, message }) => `${name} ${message}`),
      )
      verified++
    }
  }
  return { alarms, verified }
}

/** By a sealer that nobody ends; the server may need a moment to see that the last one is gone. */
async function sealTheRest(fuzzed: FuzzedClinic): Promise<void> {
  for (let turns = 0; ; turns++) {
    const { code, stdout } = await runCli(fuzzed.folder, sealArguments(fuzzed))
    if (code === 0) return
    if (turns === 100 || !stdout.includes("WK403")) throw new Error(`the last batch: ${stdout}`)
    await sleep(100)
  }
}

/** For the log and for a failing test. */
export function describeReport(seed: number, report: FuzzReport): string {
  const { events, ended, sealer, found, difference, kept, verified } = report
  const listed = (entries: Iterable<readonly [string, number]>): string =>
    [...entries].map(([what, n]) => `${what} ${n}`).join(", ")
  const missed = (name: CursorName): string => `${(100 * (1 - found[name] / events)).toFixed(2)} %`
  return [
    `seed ${seed}: ${events} events committed; lost ${difference.lost}, doubled ${difference.doubled}, never committed ${difference.neverCommitted}, false alarms ${report.alarms.length} in ${verified} looks and at the end`,
    `transactions: ${listed([...ended].sort())}`,
    `the sealer: ${listed(Object.entries(sealer.ends))}; ${kept.all.length} checkpoints kept`,
    `beside it: \`id > last\` loses ${missed("number")}, a snapshot without what was open ${missed("forgetful")}, with it ${missed("snapshot")}`,
  ].join("\n")
}
