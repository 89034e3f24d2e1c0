import { setTimeout as sleep } from "node:timers/promises"
import type pg from "pg"
import { beforeAll, describe, expect, it } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { connected } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import type { Session, Transaction } from "./index.js"

const database = useDatabase()
const used = useClient(database)

const add = "insert into patient (full_name) values ($1)"

/** Where a transaction of every kind of call gives up the thread, in the order in which it comes there. */
const awaits = [
  "before any statement",
  "after a read",
  "after a write",
  "after statements side by side",
  "inside a savepoint, before anything",
  "inside a savepoint, after a write",
  "after a savepoint",
  "between the rows of a stream",
  "after a stream",
  "before the end",
] as const
type Await = (typeof awaits)[number]
type At = (place: Await, handle: Transaction) => Promise<void>

async function life(q: Transaction, mark: string, at: At): Promise<void> {
  await at("before any statement", q)
  await q.query("select id from patient")
  await at("after a read", q)
  await q.query(add, [mark])
  await at("after a write", q)
  await Promise.all([q.query(add, [mark]), q.query("select 1")])
  await at("after statements side by side", q)
  await q.tx(async (inner) => {
    await at("inside a savepoint, before anything", inner)
    await inner.query(add, [mark])
    await at("inside a savepoint, after a write", inner)
  })
  await at("after a savepoint", q)
  for await (const _ of q.stream("select id from patient limit 2", [], { batch: 1 }))
    await at("between the rows of a stream", q)
  await at("after a stream", q)
  await q.query("update patient set phone = '0' where full_name = $1", [mark])
  await at("before the end", q)
}

interface Fault {
  readonly does: (q: Transaction, stop: AbortController, admin: pg.Client) => Promise<void>
  readonly seen: RegExp
}

const faults: Readonly<Record<string, Fault>> = {
  "the callback throws": { does: () => Promise.reject(new Error("thrown")), seen: /^thrown$/ },
  "a statement fails": { does: async (q) => void (await q.query("select 1/0")), seen: /^22012$/ },
  "the caller gives up": { does: async (_, stop) => stop.abort(), seen: /^WK111$/ },
  "the server goes": {
    does: async (q, _, admin) => {
      const { rows } = await q.query<{ pid: number }>("select pg_backend_pid() as pid")
      await admin.query("select pg_terminate_backend($1, 5000)", [rows[0]?.pid])
    },
    seen: /^(WK109|57P01)$/,
  },
}

const nameOf = (error: unknown): string => {
  const { code, message } = error as { code?: string; message?: string }
  return code ?? message ?? String(error)
}

describe("a transaction that ends badly at any await, among others of other tenants", () => {
  const sessions: Session[] = []
  beforeAll(async () => {
    for (const branch of [0, 1, 2]) sessions.push(await used.newSession("doctor", branch, ["care"]))
  })

  it("comes to every await of the list when nothing happens: the control", async () => {
    const passed: Await[] = []
    await used.wk.run(sessions[0]!, () =>
      used.wk.tx((q) => life(q, "control", async (place) => void passed.push(place))),
    )
    expect([...new Set(passed)]).toEqual(awaits)
    await used.wk.run(sessions[0]!, () => used.wk.query("delete from patient where full_name = 'control'"))
  })

  it("leaves nothing, takes nobody with it, and everybody sees their own rows", { timeout: 120_000 }, async () => {
    const wk = used.make({ max: 3, maxTransaction: 100_000 })
    const kinds = [...Object.entries(faults), ["nothing", undefined] as const]
    const runs = kinds.flatMap(([kind, fault]) =>
      awaits.flatMap((where) => sessions.map((session, branch) => ({ kind, fault, where, session, branch }))),
    )
    const outcomes = await connected(database.adminUrl, (admin) =>
      Promise.all(
        runs.map(async ({ kind, fault, where, session, branch }, n) => {
          const stop = new AbortController()
          let left = 1
          const at: At = async (place, q) => {
            await sleep(n % 4)
            if (place === where && left-- > 0) await fault?.does(q, stop, admin)
          }
          const mark = `${kind} ${where} ${branch}`
          const done = wk.run(session, () => wk.tx({ signal: stop.signal }, (q) => life(q, mark, at)))
          return await done.then(() => "committed", nameOf)
        }),
      ),
    )
    for (const [n, { kind, fault, where }] of runs.entries())
      expect(outcomes[n], `${kind}, ${where}`).toMatch(fault?.seen ?? /^committed$/)
    const busy = "select state from pg_stat_activity where usename = $1 and state <> 'idle'"
    await expect.poll(() => used.admin(busy, [used.clinic.logins.app.user]), { timeout: 10_000 }).toEqual([])
    const expected = runs
      .filter(({ kind }) => kind === "nothing")
      .map(({ where, branch }) => ({
        mark: `nothing ${where} ${branch}`,
        branch: used.clinic.branches[branch]!.branch,
        n: 3,
      }))
    const made = await used.admin<{ mark: string }>(
      "select full_name as mark, branch_id as branch, count(*)::int as n from patient where full_name not like 'Patient %' group by 1, 2",
    )
    const byMark = (a: { mark: string }, b: { mark: string }): number => (a.mark < b.mark ? -1 : 1)
    expect(made.sort(byMark)).toEqual(expected.sort(byMark))
    for (const [branch, session] of sessions.entries()) {
      const { rows } = await wk.run(session, () => wk.query<{ b: string }>("select branch_id as b from patient"))
      expect(rows.map((row) => row.b)).toEqual(Array(5 + 3 * awaits.length).fill(used.clinic.branches[branch]!.branch))
    }
    expect([wk.pool.idleCount, wk.pool.waitingCount]).toEqual([wk.pool.totalCount, 0])
  })
})
