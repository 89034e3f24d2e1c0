import { z } from "zod"
import type { Transaction } from "../../database/transaction.js"

interface Plan {
  readonly "Plan Rows": number
  readonly "Rows Removed by Filter"?: number | undefined
  readonly Plans?: readonly Plan[] | undefined
}

const plan: z.ZodType<Plan> = z.object({
  "Plan Rows": z.number(),
  "Rows Removed by Filter": z.number().optional(),
  get Plans() {
    return z.array(plan).optional()
  },
})

const explained = z.tuple([z.object({ Plan: plan })])

/** Undefined where the statement is refused. */
async function planOf(tx: Transaction, options: string, query: string): Promise<Plan | undefined> {
  const { rows, error } = await tx.attempt(`explain (${options}format json) ${query}`)
  if (error !== undefined) return undefined
  return explained.parse(JSON.parse(String(rows[0]?.["QUERY PLAN"])))[0].Plan
}

export async function estimatedRows(tx: Transaction, query: string): Promise<number | undefined> {
  return (await planOf(tx, "", query))?.["Plan Rows"]
}

export async function filteredRows(tx: Transaction, query: string): Promise<number> {
  const found = await planOf(tx, "analyze, timing off, ", query)
  return found === undefined ? 0 : removed(found)
}

const removed = (one: Plan): number =>
  (one["Rows Removed by Filter"] ?? 0) + (one.Plans ?? []).reduce((sum, inner) => sum + removed(inner), 0)

const rounds = 15

/** How much longer the first takes than the second, by the medians of both, in turns. */
export async function ratioOf(first: () => Promise<void>, second: () => Promise<void>): Promise<string> {
  const times: [number[], number[]] = [[], []]
  for (let round = 0; round < rounds; round++) {
    times[0].push(await timed(first))
    times[1].push(await timed(second))
  }
  return (median(times[0]) / median(times[1])).toFixed(2)
}

async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 1
