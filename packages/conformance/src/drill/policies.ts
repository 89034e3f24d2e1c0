import { quoteIdent } from "@wardkeep/core"
import { z } from "zod"
import { readRows } from "../catalog/catalog.js"
import type { Connection } from "../database/connection.js"

const policy = z.object({
  oid: z.string(),
  relation: z.string(),
  schema: z.string(),
  table: z.string(),
  name: z.string(),
  permissive: z.boolean(),
  command: z.enum(["all", "select", "insert", "update", "delete"]),
  /** Null: to everybody. */
  roles: z.array(z.string()).nullable(),
  using: z.string().nullable(),
  check: z.string().nullable(),
})
export type Policy = z.output<typeof policy>

const protection = z.object({ object: z.string(), kind: z.string(), state: z.string() })
export type Protection = z.output<typeof protection>

const helper = z.object({ policy: z.string(), signature: z.string(), volatility: z.enum(["i", "s", "v"]) })
export type Helper = z.output<typeof helper>

type Schemas = readonly string[]
const orAll = (schemas: Schemas): readonly [Schemas | null] => [schemas.length === 0 ? null : schemas]

/** The session must have an empty search_path, or expressions come without the schemas that they need elsewhere. */
export async function readPolicies(connection: Connection, schemas: Schemas): Promise<Policy[]> {
  return await readRows(connection, "drill/policies.sql", policy, orAll(schemas))
}

export async function readProtections(connection: Connection, schemas: Schemas): Promise<Protection[]> {
  return await readRows(connection, "drill/protections.sql", protection, orAll(schemas))
}

export async function readHelpers(connection: Connection): Promise<Helper[]> {
  return await readRows(connection, "drill/policy-calls.sql", helper)
}

export function createPolicy({ schema, table, name, permissive, command, roles, using, check }: Policy): string {
  const to = roles === null ? "public" : roles.map(quoteIdent).join(", ")
  return [
    `create policy ${quoteIdent(name)} on ${quoteIdent(schema)}.${quoteIdent(table)}`,
    `as ${permissive ? "permissive" : "restrictive"} for ${command} to ${to}`,
    ...(using === null ? [] : [`using (${using})`]),
    ...(check === null ? [] : [`with check (${check})`]),
  ].join(" ")
}

export function dropPolicy({ schema, table, name }: Policy): string {
  return `drop policy ${quoteIdent(name)} on ${quoteIdent(schema)}.${quoteIdent(table)}`
}

/** What was there before and is different or gone now; what is new is left out. */
export function lost(before: readonly Protection[], after: readonly Protection[]): (Protection & { now: string })[] {
  const now = new Map(after.map(({ object, kind, state }) => [`${object}\u0000${kind}`, state]))
  return before
    .map((one) => ({ ...one, now: now.get(`${one.object}\u0000${one.kind}`) ?? "gone" }))
    .filter(({ state, now: later }) => state !== later)
}
