import { setTimeout as sleep } from "node:timers/promises"
import { WardkeepError } from "@wardkeep/core"
import { qualified } from "../compile/step.js"
import type { Queryable } from "./queryable.js"

/**
 * Takes exclusive locks on all tables or on none. Only the first is waited for; holding one lock while waiting for the
 * next would deadlock with statements that come the other way, and PostgreSQL might end the application's.
 *
 * @throws WK307 the tables were in use for longer than `timeout` milliseconds
 */
export async function lockTables(client: Queryable, tables: readonly string[], timeout: number): Promise<void> {
  const deadline = performance.now() + timeout
  const [first, ...rest] = tables.map(qualified)
  if (first === undefined) return
  await client.query("savepoint wk_lock")
  for (;;) {
    try {
      await client.query("select set_config('lock_timeout', $1, true)", [
        String(Math.max(1, Math.ceil(deadline - performance.now()))),
      ])
      await client.query(`lock table ${first} in access exclusive mode`)
      if (rest.length > 0) await client.query(`lock table ${rest.join(", ")} in access exclusive mode nowait`)
      await client.query("release savepoint wk_lock")
      return
    } catch (error) {
      if (!isBusy(error)) throw error
      await client.query("rollback to savepoint wk_lock")
      if (performance.now() >= deadline) throw inUse(error)
      await sleep(2 + Math.floor(Math.random() * 30))
    }
  }
}

function isBusy(error: unknown): boolean {
  return (
    typeof error === "object" && error !== null && "code" in error && (error.code === "55P03" || error.code === "40P01")
  )
}

function inUse(cause: unknown): WardkeepError {
  return new WardkeepError("WK307", {
    message: "a table was in use for longer than the lock time-out",
    hint: "Run again when it is quiet, or raise lockTimeout (`apply --lock-timeout`).",
    cause,
  })
}
