import { setTimeout as sleep } from "node:timers/promises"
import type { Queryable } from "../database/queryable.js"

/**
 * Runs role DDL. Roles belong to the cluster, so two databases installing at once meet in one catalog row and one of
 * them gets XX000 "tuple concurrently updated", or 23505 where both bring the same new row, as ALTER ROLE … SET does; an
 * advisory lock is per database and does not help (measured: 73 of 240).
 */
export async function roleDdl(client: Queryable, sql: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await client.query(sql)
      return
    } catch (error) {
      if (!isConcurrentUpdate(error) || attempt === 20) throw error
      await sleep(10 + Math.floor(Math.random() * 40 * attempt))
    }
  }
}

function isConcurrentUpdate(error: unknown): boolean {
  if (typeof error !== "object" || error === null || !("code" in error)) return false
  return ["XX000", "23505", "40001", "40P01"].includes(String(error.code))
}
