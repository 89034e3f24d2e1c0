import { type Policy, WardkeepError } from "@wardkeep/core"
import { asOwner } from "@wardkeep/postgres/migrate"
import type pg from "pg"
import { migrator, type Target, withClient } from "./connect.js"

export type Connection = Omit<Target, "variables">

/**
 * Runs `work` with the owner's role in force, which reading and writing the policy's objects needs.
 *
 * @throws WK002 Wardkeep is not installed in this database · WK307 the login may not take the owner's role · WK005 · WK009
 */
export async function withOwner<T>(
  connection: Connection,
  policy: Policy,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  return await withInstalled(connection, async (client) => await asOwner(client, policy, () => work(client)))
}

/**
 * The same with no role in force yet, for work that takes the owner's role itself, part by part.
 *
 * @throws WK002 Wardkeep is not installed in this database · WK005 · WK009
 */
export async function withInstalled<T>(connection: Connection, work: (client: pg.Client) => Promise<T>): Promise<T> {
  return await withClient({ ...connection, variables: migrator }, async (client) => {
    if (await isInstalled(client)) return await work(client)
    throw new WardkeepError("WK002", {
      message: "the schema wardkeep is not in this database",
      hint: "Run `wardkeep migrate` as the administrator first.",
    })
  })
}

export async function isInstalled(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>(
    "select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'wardkeep' and c.relname = 'policy_state') as there",
  )
  return rows[0]?.there === true
}
