import { sql } from "drizzle-orm"
import { drizzle } from "drizzle-orm/node-postgres"
import type { Login } from "../data/prepare.ts"
import { type Peer, single, startPg } from "./peer.ts"

/** Drizzle's documented form: a transaction, set_config, the query. */
export async function drizzleTransaction(url: (login: Login) => string, login: Login): Promise<Peer> {
  const client = await startPg(url(login))
  const db = drizzle(client)
  return {
    name: "Drizzle, transaction with set_config",
    point: async ({ clinic, id }) => {
      const { rows } = await db.transaction(async (tx) => {
        await tx.execute(sql`select set_config('bench.clinic', ${clinic}, true)`)
        return await tx.execute(
          sql`select clinic_id, branch_id, id, full_name, phone, created_at from plain.patient where id = ${id}`,
        )
      })
      single(rows, clinic)
    },
    close: () => client.end(),
  }
}
