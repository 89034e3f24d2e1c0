import { z } from "zod"
import type { Transaction } from "../../database/transaction.js"

/** One step of a plan, as far as it matters here. */
export interface Step {
  readonly "Relation Name"?: string | undefined
  readonly "Parent Relationship"?: string | undefined
  readonly Filter?: string | undefined
  readonly "Index Cond"?: string | undefined
  readonly "Recheck Cond"?: string | undefined
  readonly "Actual Rows"?: number | undefined
  readonly "Actual Loops"?: number | undefined
  readonly "Rows Removed by Filter"?: number | undefined
  readonly Plans?: readonly Step[] | undefined
}

const text = z.string().optional()
const number = z.number().optional()
const step: z.ZodType<Step> = z.object({
  "Relation Name": text,
  "Parent Relationship": text,
  Filter: text,
  "Index Cond": text,
  "Recheck Cond": text,
  "Actual Rows": number,
  "Actual Loops": number,
  "Rows Removed by Filter": number,
  get Plans() {
    return z.array(step).optional()
  },
})
const explained = z.tuple([z.object({ Plan: step })])

/** Every step that is done for rows; what is asked once before them is left out. Undefined where it is refused. */
export async function stepsOf(tx: Transaction, options: string, query: string): Promise<Step[] | undefined> {
  const { rows, error } = await tx.attempt(`explain (${options}verbose, format json) ${query}`)
  if (error !== undefined) return undefined
  return flat(explained.parse(JSON.parse(String(rows[0]?.["QUERY PLAN"])))[0].Plan)
}

const flat = (one: Step): Step[] =>
  one["Parent Relationship"] === "InitPlan" ? [] : [one, ...(one.Plans ?? []).flatMap(flat)]

/** Rows that a step looked at. */
export const readBy = (one: Step): number =>
  Math.round(((one["Actual Rows"] ?? 0) + (one["Rows Removed by Filter"] ?? 0)) * (one["Actual Loops"] ?? 1))

/** A call in a condition: the function's name, and whether it is asked about a column of the row. */
export interface Call {
  readonly name: string
  readonly takesColumn: boolean
}

/** What the conditions of a step call, by their text; `(InitPlan 1).col1` and `$0` are answers that were there before. */
export function callsIn(condition: string): Call[] {
  const plain = condition.replace(/'(?:[^']|'')*'/g, "''")
  return [...plain.matchAll(/(?:"?\w+"?\.)?"?([A-Za-z_][\w$]*)"?\(/g)].map(({ 0: all, 1: name = "", index }) => ({
    name,
    takesColumn: /[\w"]\.[a-z_"]|\b[a-z_]+_id\b/.test(argumentsAt(plain, index + all.length)),
  }))
}

function argumentsAt(condition: string, from: number): string {
  let depth = 1
  let at = from
  while (at < condition.length && depth > 0) {
    if (condition[at] === "(") depth++
    if (condition[at] === ")") depth--
    at++
  }
  return condition.slice(from, at - 1)
}
