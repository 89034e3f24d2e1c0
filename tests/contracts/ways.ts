import { setTimeout as sleep } from "node:timers/promises"
import type { Wardkeep } from "@wardkeep/postgres"
import { patientsPerTenant, type Tenant } from "./many-tenants.ts"

/** Rows that were seen, for the tally to judge. */
export interface Seen {
  readonly clinic_id: string
  readonly full_name: string
}

export type Way = (wk: Wardkeep, n: number) => Promise<readonly Seen[]>

const text = "select clinic_id, full_name from patient"

const pause = async (n: number): Promise<void> => {
  if (n % 3 === 0) await sleep(n % 7)
  else if (n % 3 === 1) await new Promise((resolve) => setImmediate(resolve))
  else await Promise.resolve()
}

/** Every way a host reaches the database, each with pauses where tenants can overtake one another. */
export const ways: Readonly<Record<string, Way>> = {
  query: async (wk, n) => {
    await pause(n)
    return (await wk.query<Seen>(text)).rows
  },
  "several queries at once": async (wk) => {
    const all = await Promise.all([wk.query<Seen>(text), wk.query<Seen>(text), wk.query<Seen>(text)])
    return all[n3()]?.rows ?? []
  },
  transaction: async (wk, n) =>
    await wk.tx(async (q) => {
      const { rows } = await q.query<Seen>(text)
      await pause(n)
      await q.query("select 1")
      return rows
    }),
  "several queries at once in a transaction": async (wk) =>
    await wk.tx(async (q) => {
      const [first, second] = await Promise.all([q.query<Seen>(text), q.query<Seen>(text)])
      return [...first.rows, ...second.rows].slice(0, patientsPerTenant)
    }),
  "a savepoint that is undone": async (wk, n) =>
    await wk.tx(async (q) => {
      await wk
        .tx(async (inner) => {
          await inner.query("update patient set phone = $1", [`+${n}`])
          await pause(n)
          throw new Error("undo")
        })
        .catch(() => undefined)
      return (await q.query<Seen>(`${text} where phone is distinct from $1`, [`+${n}`])).rows
    }),
  "the pool": async (wk, n) => {
    await pause(n)
    return (await wk.pool.query<Seen>(text)).rows
  },
  "the pool with a callback": async (wk) =>
    await new Promise<readonly Seen[]>((resolve, reject) => {
      wk.pool.query<Seen>(text, (error, result) => {
        // The callback must find itself in its caller's context.
        if (error) reject(error)
        else
          wk.query<Seen>(text).then(
            (again) => resolve(result.rows.length === again.rows.length ? again.rows : []),
            reject,
          )
      })
    }),
  "a client of the pool in a transaction": async (wk, n) => {
    const client = await wk.pool.connect()
    try {
      await client.query("BEGIN")
      const { rows } = await client.query<Seen>({ name: "mine", text, values: [] })
      await pause(n)
      await client.query("COMMIT")
      return rows
    } finally {
      client.release()
    }
  },
  "a lazy thenable": async (wk) => {
    const lazy: PromiseLike<readonly Seen[]> = {
      // biome-ignore lint/suspicious/noThenProperty: this is what ORMs hand out
      then: (resolve, reject) =>
        wk.query<Seen>(text).then((result) => (resolve ? resolve(result.rows) : result.rows) as never, reject),
    }
    return await lazy
  },
  stream: async (wk) => {
    const rows: Seen[] = []
    for await (const row of wk.stream<Seen>(text, [], { batch: 1 })) rows.push(row)
    return rows
  },
}

let turn = 0
function n3(): number {
  turn = (turn + 1) % 3
  return turn
}

export interface Tally {
  calls: number
  wrong: number
  missing: number
  failed: Map<string, number>
  hung: string[]
}

export const newTally = (): Tally => ({ calls: 0, wrong: 0, missing: 0, failed: new Map(), hung: [] })

/** One call in one tenant's context: counts rows of others, rows that are missing, errors, and calls that never end. */
export async function call(wk: Wardkeep, tenant: Tenant, way: string, n: number, tally: Tally): Promise<void> {
  tally.calls++
  const late = Symbol("late")
  const timer = new AbortController()
  try {
    const work = wk.run(tenant.session, async () => await (ways[way] as Way)(wk, n))
    const rows = await Promise.race([work, sleep(30_000, late, { signal: timer.signal })])
    if (typeof rows === "symbol") tally.hung.push(way)
    else judge(rows, tenant, tally)
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error)
    tally.failed.set(code, (tally.failed.get(code) ?? 0) + 1)
  } finally {
    timer.abort()
  }
}

function judge(rows: readonly Seen[], tenant: Tenant, tally: Tally): void {
  if (rows.some((row) => row.clinic_id !== tenant.clinic || !row.full_name.includes(tenant.clinic))) tally.wrong++
  else if (rows.length !== patientsPerTenant) tally.missing++
}
