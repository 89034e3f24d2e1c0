import type pg from "pg"
import type { Client } from "../client.ts"
import { branchId, clinicId, type Measured, type Session } from "../data/prepare.ts"
import type { Placement } from "../machine.ts"
import { type Patient, patientColumns, startPg } from "../peers/peer.ts"
import { type BenchOptions, type BenchResult, interleave, type Variant } from "../rounds.ts"

/** What a bench works with. Everything it opens through `later` is closed after it. */
export interface Stage {
  readonly measured: Measured
  readonly placement: Placement
  readonly quick: boolean
  readonly patients: readonly Patient[]
  readonly report: (text: string) => void
  readonly openClient: OpenClient
}

export type OpenClient = (
  url: string,
  options: { readonly connections: number; readonly shared?: number },
) => Promise<Client>

export const any = <T>(values: readonly T[]): T => values[Math.floor(Math.random() * values.length)] as T

/** Patients of ordinary clinics, at random. */
export async function samplePatients(raw: pg.Client, { sizes }: Measured, count: number): Promise<Patient[]> {
  const places = new Map<string, readonly [number, number]>()
  for (let clinic = 0; clinic < sizes.clinics; clinic++) {
    for (let branch = 0; branch < sizes.branches; branch++) places.set(branchId(clinic, branch), [clinic, branch])
  }
  const { rows } = await raw.query<{ clinic_id: string; branch_id: string; id: string }>(
    "select clinic_id, branch_id, id from public.patient where clinic_id <> $1 order by md5(id::text) limit $2",
    [clinicId(sizes.clinics), count],
  )
  return rows.map((row) => {
    const [clinicNumber, branchNumber] = places.get(row.branch_id) ?? [0, 0]
    return { clinic: row.clinic_id, branch: row.branch_id, id: row.id, clinicNumber, branchNumber }
  })
}

export const contextOf = ({ measured }: Stage, patient: Patient): Session =>
  measured.contexts.one(patient.clinicNumber, patient.branchNumber)

export interface Opened {
  readonly raw: pg.Client
  readonly portable: Client
}

/** Opens connections, runs the bench and closes them, also when it fails. */
export async function using<T>(work: (later: Later) => Promise<T>): Promise<T> {
  const open: Closable[] = []
  try {
    return await work(async (opening) => {
      const opened = await opening
      open.push(opened)
      return opened
    })
  } finally {
    for (const one of open.reverse()) await ("close" in one ? one.close() : one.end())
  }
}

/** Closes what it is given after the bench. */
export type Later = <C extends Closable>(opening: Promise<C>) => Promise<C>

type Closable = { close(): Promise<unknown> } | { end(): Promise<unknown> }

export const rawClient = ({ measured }: Stage): Promise<pg.Client> => startPg(measured.url(measured.raw))

/**
 * The floor and the floor again, each on a session of its own. One session for both would be asked twice as often as the
 * others, meet every page twice as soon, and make them look slow.
 */
export async function floors(
  later: Later,
  open: () => Promise<pg.Client>,
  name: string,
  run: (raw: pg.Client) => () => Promise<void>,
): Promise<Variant[]> {
  return [
    { name, kind: "floor", run: run(await later(open())) },
    { name: "the floor again", kind: "noise", run: run(await later(open())) },
  ]
}

/** The floor of every point query: prepared, by hand, as a login without row-level security. */
export const handWritten = (raw: pg.Client): ((patient: Patient) => Promise<void>) => {
  const text = `select ${patientColumns} from patient where clinic_id = $1 and id = $2`
  return async ({ clinic, id }) => {
    const { rows } = await raw.query({ name: "floor", text, values: [clinic, id] })
    if (rows.length !== 1 || rows[0].clinic_id !== clinic) throw new Error("the floor missed its row")
  }
}

export async function measure(
  stage: Stage,
  name: string,
  variants: readonly Variant[],
  options: BenchOptions,
): Promise<BenchResult> {
  const placement = (options.concurrency ?? 1) > 1 ? stage.placement.anyCore() : stage.placement.oneCore()
  const fewer = stage.quick
    ? {
        rounds: Math.max(3, Math.round(options.rounds / 8)),
        operations: Math.max(5, Math.round(options.operations / 5)),
      }
    : {}
  const result = await interleave(name, variants, { ...options, ...fewer, placement })
  stage.report(printed(result))
  return result
}

function printed(result: BenchResult): string {
  const lines = Object.entries(result.microseconds).map(([variant, time]) => {
    const ratio = result.ours[variant] ?? result.peers[variant] ?? result.notes[variant] ?? 1
    const [low, high] = result.iqr[variant] ?? [1, 1]
    return `  ${ratio.toFixed(2).padStart(7)}  ${`(${low.toFixed(2)}-${high.toFixed(2)})`.padEnd(14)} ${time.toFixed(1).padStart(9)} us  ${variant}`
  })
  return [`\n${result.name} — ${result.rounds} rounds of ${result.operations}, ${result.placement}`, ...lines].join(
    "\n",
  )
}
