import { setTimeout as sleep } from "node:timers/promises"
import type { Client } from "pg"
import { withClient } from "./sql.ts"

export interface Leftover {
  readonly pid: number
  readonly user: string
  readonly application: string
  readonly state: string
  readonly query: string
}

/** What is still found after `graceMs`: a session takes a moment to go once its client has. */
export async function untilNone<T>(find: () => Promise<T[]>, graceMs = 1_000): Promise<T[]> {
  const deadline = Date.now() + graceMs
  for (;;) {
    const found = await find()
    if (found.length === 0 || Date.now() > deadline) return found
    await sleep(25)
  }
}

/** Sessions still open in a database. */
export async function leftoverSessions(admin: string, database: string, graceMs?: number): Promise<Leftover[]> {
  return withClient(admin, (client) => untilNone(() => sessions(client, database), graceMs))
}

async function sessions(client: Client, database: string): Promise<Leftover[]> {
  const { rows } = await client.query<Leftover>(
    `select pid, usename as user, application_name as application, coalesce(state, '') as state,
            left(coalesce(query, ''), 120) as query
       from pg_stat_activity
      where datname = $1 and backend_type = 'client backend' and pid <> pg_backend_pid()`,
    [database],
  )
  return rows
}
