import { setTimeout as sleep } from "node:timers/promises"
import { connected } from "#tests/fixture/clinic.ts"

interface KillingOptions {
  readonly adminUrl: string
  readonly user: string
  /** Calls that end between one kill and the next: by the clock, a slow machine would kill them all. */
  readonly every: number
  readonly ended: { readonly calls: number }
}

/** Ends one random server of the application after the other while its calls go on; `stop` says how many it ended. */
export function killAsTheyEnd({ adminUrl, user, every, ended }: KillingOptions): { stop(): Promise<number> } {
  let over = false
  const done = connected(adminUrl, async (admin) => {
    let kills = 0
    for (let next = every / 2; !over; await sleep(2)) {
      if (ended.calls < next) continue
      const { rowCount } = await admin.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where usename = $1 order by random() limit 1",
        [user],
      )
      kills += rowCount ?? 0
      next = ended.calls + every
    }
    return kills
  })
  return {
    stop: async () => {
      over = true
      return await done
    },
  }
}
