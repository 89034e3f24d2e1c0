import knex from "knex"
import type { Login } from "../data/prepare.ts"
import { type Peer, single } from "./peer.ts"

export async function knexTransaction(url: (login: Login) => string, login: Login): Promise<Peer> {
  const db = knex({ client: "pg", connection: url(login), pool: { min: 1, max: 1 } })
  return {
    name: "Knex, transaction with set_config",
    point: async ({ clinic, id }) => {
      const rows = await db.transaction(async (trx) => {
        await trx.raw("select set_config('bench.clinic', ?, true)", [clinic])
        return await trx("plain.patient")
          .select("clinic_id", "branch_id", "id", "full_name", "phone", "created_at")
          .where({ id })
      })
      single(rows, clinic)
    },
    close: () => db.destroy(),
  }
}
