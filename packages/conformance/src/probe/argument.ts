import { z } from "zod"

const field = z.object({ name: z.string(), type: z.string(), base: z.string(), category: z.string() })

const argument = field.extend({
  optional: z.boolean(),
  /** Of a procedure: what it answers with. */
  out: z.boolean().default(false),
  variadic: z.boolean().default(false),
  /** Of an enum, or of an array of one. */
  labels: z.array(z.string()).default([]),
  /** Of a composite type, or of an array of one. */
  fields: z.array(field.extend({ labels: z.array(z.string()).default([]) })).default([]),
})

export const routine = z.object({
  oid: z.string(),
  schema: z.string(),
  name: z.string(),
  procedure: z.boolean(),
  definer: z.boolean(),
  owner: z.string(),
  ownerExempt: z.boolean(),
  language: z.string(),
  volatility: z.string(),
  source: z.string(),
  returns: z.string(),
  arguments: z.array(argument),
})

export type Routine = z.output<typeof routine>
export type Argument = z.output<typeof argument>

/** Neither with a default nor of a procedure's answer. */
export const plainArgument: Pick<Argument, "optional" | "out" | "variadic" | "fields"> = {
  optional: false,
  out: false,
  variadic: false,
  fields: [],
}

export const isTextList = ({ base }: Argument): boolean => /^(text|character varying)\[\]$/.test(base)

export const tenantWord = /tenant|branch|clinic|org|hospital|practice|facility|site|account|company/i

/** How many lists at most come out of a product. */
const productLimit = 96

export function product(lists: readonly (readonly string[])[]): string[][] {
  return lists.reduce<string[][]>(
    (rows, list) => rows.flatMap((row) => list.map((value) => [...row, value])).slice(0, productLimit),
    [[]],
  )
}
