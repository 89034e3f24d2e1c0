import type { Wardkeep } from "@wardkeep/postgres"
import pg from "pg"
import {
  abort,
  download,
  error,
  forge,
  job,
  kill,
  lazy,
  list,
  lookUp,
  type Operation,
  ormClient,
  parallel,
  pointAny,
  pointOwn,
  type Row,
  stream,
  transaction,
  updateAny,
} from "./operations.ts"
import { generator, pick, weighted } from "./random.ts"
import type { World } from "./world.ts"

export interface FuzzOptions {
  readonly wk: Wardkeep
  readonly world: World
  readonly seed: number
  readonly statements: number
  readonly concurrency: number
  readonly adminUrl: string
  /** The host's own context around each person, which cls-hooked needs. */
  readonly around?: (work: () => Promise<void>) => Promise<void>
  /** Only `wk.query`, for connections that carry nothing else. */
  readonly unitsOnly?: boolean
  /** See `untilStuck`. */
  readonly patience?: number
}

export interface FuzzReport {
  readonly seed: number
  readonly statements: number
  readonly wrong: readonly string[]
  /** What never came to an end, and since when. */
  readonly hung: readonly string[]
  /** Milliseconds of the slowest operation, its waiting for a connection included. */
  readonly longest: number
  /** Operation → `done`, SQLSTATE or code → how often; `?` is an error nobody expected. */
  readonly outcomes: ReadonlyMap<string, ReadonlyMap<string, number>>
}

const units: readonly (readonly [number, Operation])[] = [
  [30, pointOwn],
  [30, pointAny],
  [6, list],
  [8, updateAny],
  [4, error],
  [4, parallel],
  [5, forge],
  [1, abort],
  [4, lazy],
  [0.05, kill],
]
const everything: readonly (readonly [number, Operation])[] = [
  ...units,
  [8, transaction],
  [6, ormClient],
  [4, stream],
  [2, download],
  [2, lookUp],
  [0.5, job],
]

/**
 * Milliseconds in which nobody at all comes to an end. Not how long one person waits: hundreds queue for one connection
 * here, and at the end, when nobody starts anew, who was forgotten is the only one left.
 */
const untilStuck = 30_000

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`

/** Many people at once on few connections; every row that arrives is compared with what its reader may see. */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const { wk, world, seed, around = (work) => work(), patience = untilStuck } = options
  const admin = new pg.Client({ connectionString: options.adminUrl })
  await admin.connect()
  const operations = options.unitsOnly === true ? units : everything
  const wrong: string[] = []
  const outcomes = new Map<string, Map<string, number>>()
  let statements = 0
  let hung: readonly string[] = []
  let watch: NodeJS.Timeout | undefined
  const since = new Map<number, { readonly operation: string; readonly started: number }>()
  let progress = Date.now()
  let longest = 0
  const stuck = new Promise<"stuck">((resolve) => {
    watch = setInterval(() => {
      const now = Date.now()
      if (since.size === 0 || now - progress < patience) return
      hung = [...since.values()].map(({ operation, started }) => `${operation}, ${seconds(now - started)}`)
      resolve("stuck")
    }, 1000)
  })
  const person = async (index: number): Promise<void> => {
    const random = generator(seed * 1000 + index)
    while (statements < options.statements && hung.length === 0) {
      const worker = pick(random, world.workers)
      const operation = weighted(random, operations)
      const check = (rows: readonly Row[], expected?: number): void => {
        const foreign = rows.find(
          (row) =>
            row.branch_id === undefined ||
            !worker.branches.includes(row.branch_id) ||
            row.full_name !== `of ${row.branch_id}`,
        )
        if (foreign !== undefined && rows.length > 0)
          wrong.push(`${operation.name || "operation"}: a row of ${foreign.branch_id}`)
        if (expected !== undefined && rows.length !== expected)
          wrong.push(`${operation.name}: ${rows.length} rows instead of ${expected}`)
      }
      let asked = false
      const turn = {
        wk,
        world,
        worker,
        random,
        check,
        count: () => {
          asked = true
          statements++
        },
        killBackend: () => killOne(admin, world.clinic.logins.app.user, random),
      }
      since.set(index, { operation: operation.name, started: Date.now() })
      const outcome = await wk.run(worker.session, () => operation(turn)).then(() => "done", codeOf)
      progress = Date.now()
      longest = Math.max(longest, progress - (since.get(index)?.started ?? progress))
      since.delete(index)
      const known = outcomes.get(operation.name) ?? new Map<string, number>()
      outcomes.set(operation.name, known.set(outcome, (known.get(outcome) ?? 0) + 1))
      // An operation that never reached the server counts too, or a client that refuses everything would be asked for ever.
      if (!asked) statements++
    }
  }
  try {
    await Promise.race([
      Promise.all(Array.from({ length: options.concurrency }, (_, index) => around(() => person(index)))),
      stuck,
    ])
  } finally {
    clearInterval(watch)
    await admin.end()
  }
  return { seed, statements, wrong, hung, longest, outcomes }
}

function codeOf(failure: unknown): string {
  if (typeof failure === "object" && failure !== null && "code" in failure && typeof failure.code === "string")
    return failure.code
  return failure instanceof Error ? `? ${failure.message}` : "?"
}

async function killOne(admin: pg.Client, user: string, random: () => number): Promise<void> {
  const { rows } = await admin.query<{ pid: number }>(
    "select pid from pg_stat_activity where usename = $1 and datname = current_database()",
    [user],
  )
  if (rows.length > 0) await admin.query("select pg_terminate_backend($1)", [pick(random, rows).pid])
}

/** For the log and for a failing test: what was tried, how to try it again, what happened. */
export function describeReport(name: string, report: FuzzReport): string {
  const all = [...report.outcomes].flatMap(([operation, outcomes]) =>
    [...outcomes]
      .filter(([outcome]) => outcome !== "done")
      .map(([outcome, n]) => [`${operation} ${outcome}`, n] as const),
  )
  const errors = all.sort((a, b) => b[1] - a[1]).map(([what, n]) => `${what} × ${n}`)
  return `${name}: seed ${report.seed}, ${report.statements} statements, ${report.wrong.length} wrong, ${report.hung.length} hung, none longer than ${seconds(report.longest)}; refused or failed as planned: ${errors.join(", ") || "none"}`
}
