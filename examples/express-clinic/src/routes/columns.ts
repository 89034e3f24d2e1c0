import { z } from "zod"

/** A timestamp in a reply: pg gives a Date, JSON makes it an ISO string. */
export const moment = z.string().describe("ISO 8601")

/** The select list of a reply, so that schema and SQL name the same columns. `as` says how to read one of them. */
export function columnsOf(schema: z.ZodObject, as: Readonly<Record<string, string>> = {}): string {
  return Object.keys(schema.shape)
    .map((name) => (as[name] === undefined ? name : `${as[name]} as ${name}`))
    .join(", ")
}

interface Fields {
  readonly columns: string
  readonly marks: string
  readonly assignments: string
  readonly values: readonly unknown[]
}

/** Columns and parameters of a checked body. Names come from the zod schema, never from the request. */
export function insertOf(body: Readonly<Record<string, unknown>>): Fields {
  const entries = Object.entries(body).filter(([, value]) => value !== undefined)
  return {
    columns: entries.map(([name]) => name).join(", "),
    marks: entries.map((_, index) => `$${index + 1}`).join(", "),
    assignments: entries.map(([name], index) => `${name} = $${index + 1}`).join(", "),
    values: entries.map(([, value]) => value),
  }
}
