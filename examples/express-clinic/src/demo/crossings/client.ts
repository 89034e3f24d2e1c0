import type { Session } from "wardkeep"
import type { Attempt, Layer, Outcome } from "../attempt.js"
import type { Stage } from "../stage.js"
import { asking } from "./asking.js"

/** What one unit might leave behind for the next on a shared connection, and what may reach such a connection at all. */
export function throughTheClient(stage: Stage, doctor: Session, foreign: Session): Attempt[] {
  const { home, elsewhere } = stage
  const make = (layer: Layer, attempt: string, run: () => Promise<Outcome>, branch = home.branch): Attempt => ({
    layer,
    attempt,
    home: [branch],
    given: [...home.given, ...elsewhere.given],
    run,
  })
  return [...poolAttempts(stage, doctor, foreign, make), ...statementAttempts(stage, doctor, foreign, make)]
}

type Make = (layer: Layer, attempt: string, run: () => Promise<Outcome>, branch?: Stage["home"]["branch"]) => Attempt

function poolAttempts({ wk, elsewhere }: Stage, doctor: Session, foreign: Session, make: Make): Attempt[] {
  const everything = "select id, chart_no, full_name, phone from patient limit 200"
  return [
    make("pool", "no context at all", () => asking(async () => (await wk.query(everything)).rows)),
    make("pool", "wk.pool without a context", () => asking(async () => (await wk.pool.query(everything)).rows)),
    make("pool", "a transaction's handle, used after its end by another clinic", () =>
      asking(async () => {
        const kept = await wk.run(doctor, () => wk.tx(async (q) => q))
        return wk.run(foreign, async () => (await kept.query(everything)).rows)
      }),
    ),
    make("pool", "a released client, used again by another clinic", () =>
      asking(async () => {
        const client = await wk.run(foreign, () => wk.pool.connect())
        client.release()
        return wk.run(doctor, async () => (await client.query(everything)).rows)
      }),
    ),
    make("pool", "a client released with its transaction open: who comes next?", () =>
      asking(async () => {
        for (let turn = 0; turn < 8; turn++) {
          const client = await wk.run(foreign, () => wk.pool.connect())
          await wk.run(foreign, () => client.query("begin"))
          await wk.run(foreign, () => client.query(everything))
          client.release()
        }
        return wk.run(doctor, async () => (await wk.query(everything)).rows)
      }),
    ),
    make("pool", "another clinic's connection inside one's own transaction", () =>
      asking(() => wk.run(doctor, () => wk.tx(async () => (await wk.pool.query(everything)).rows))),
    ),
    ...interleaved(wk, doctor, foreign, make),
    ...claimed(wk, elsewhere, doctor, make),
  ]
}

type Client = Stage["wk"]

/** Many statements of two clinics at once; what the first clinic got is searched for rows of the second. */
function interleaved(wk: Client, doctor: Session, foreign: Session, make: Make): Attempt[] {
  const newest = "select id, chart_no from patient order by created_at desc limit 20"
  const turns = Array.from({ length: 400 }, (_, turn) => turn)
  const ofFirst = <T>(answers: readonly T[]): T[] => answers.filter((_, turn) => turn % 2 === 0)
  const inCallback = (): Promise<unknown[]> =>
    new Promise((resolve, reject) => {
      wk.pool.query(newest, (error: Error | undefined, result: { rows: unknown[] }) => {
        if (error) reject(error)
        else wk.query(newest).then(({ rows }) => resolve([...result.rows, ...rows]), reject)
      })
    })
  return [
    make("pool", "callback style, where a callback would lose the caller's context", () =>
      asking(() => wk.run(doctor, () => Promise.resolve(Reflect.apply(wk.query, wk, [newest, () => undefined])))),
    ),
    make("pool", "400 callbacks of two clinics on wk.pool, each asking again from inside", () =>
      asking(async () =>
        ofFirst(await Promise.all(turns.map((turn) => wk.run(turn % 2 === 0 ? doctor : foreign, inCallback)))).flat(),
      ),
    ),
    make("pool", "400 statements of two clinics at once, on eight connections", () =>
      asking(async () => {
        const one = async (turn: number): Promise<unknown[]> => {
          if (turn % 3 === 0) await new Promise((resolve) => setImmediate(resolve))
          return (await wk.query(newest)).rows
        }
        return ofFirst(
          await Promise.all(turns.map((turn) => wk.run(turn % 2 === 0 ? doctor : foreign, () => one(turn)))),
        ).flat()
      }),
    ),
  ]
}

/** Claims of the application about who it is, as a confused or careless caller would make them. */
function claimed(wk: Client, elsewhere: Stage["elsewhere"], doctor: Session, make: Make): Attempt[] {
  const everything = "select id, chart_no, full_name, phone from patient limit 200"
  return [
    make("pool", "a branch that is not one's own as scope", () =>
      asking(() => wk.run(doctor, { branch: elsewhere.branch.id }, async () => (await wk.query(everything)).rows)),
    ),
    make("pool", "a tenant that is not one's own as scope", () =>
      asking(() =>
        wk.run(doctor, { tenant: elsewhere.branch.clinicId }, async () => (await wk.query(everything)).rows),
      ),
    ),
    make("pool", "a session object with the tenant rewritten", () => {
      const grants = doctor.grants.map((grant) => ({
        ...grant,
        tenant: elsewhere.branch.clinicId,
        branches: [elsewhere.branch.id],
      }))
      return asking(() => wk.run({ ...doctor, grants }, async () => (await wk.query(everything)).rows))
    }),
  ]
}

const refusedKinds = [
  ["PREPARE", "prepare wk_1 as select * from patient"],
  ["DEALLOCATE ALL", "deallocate all"],
  ["LISTEN", "listen loot"],
  ["DECLARE … WITH HOLD", "declare c cursor with hold for select * from patient"],
  ["SET", "set search_path = pg_temp"],
  ["DO", "do $$ begin execute 'deallocate all'; end $$"],
  ["ALTER ROLE of itself", "alter role wk_demo_app set timezone = 'Asia/Kolkata'"],
  ["DISCARD", "discard all"],
  ["RESET", "reset all"],
  ["COPY", "copy patient to stdout"],
  ["BEGIN as the query of a unit", "begin"],
  ["COMMIT as the query of a unit", "commit"],
  ["a comment before PREPARE", "/* select */ -- select\n prepare wk_1 as select 1"],
  ["two statements in one string", "select 1; listen loot"],
  ["EXPLAIN", "explain select * from patient"],
] as const

function statementAttempts({ wk, elsewhere }: Stage, doctor: Session, foreign: Session, make: Make): Attempt[] {
  const list = "select id, chart_no, full_name, phone from patient order by created_at desc limit 20"
  const poison = (what: string, sql: string): Attempt =>
    make(
      "prepared-statement",
      `${what} left on every connection by one clinic, then another clinic asks`,
      () =>
        asking(async () => {
          await Promise.allSettled(Array.from({ length: 16 }, () => wk.run(doctor, () => wk.query(sql))))
          const answers = await Promise.all(Array.from({ length: 16 }, () => wk.run(foreign, () => wk.query(list))))
          const empty = answers.filter(({ rows }) => rows.length !== 20)
          if (empty.length > 0) throw new Error("the other clinic lost rows of its own")
          return answers.flatMap(({ rows }) => rows)
        }),
      elsewhere.branch,
    )
  return [
    ...refusedKinds.map(([what, sql]) =>
      make("prepared-statement", what, () => asking(() => wk.run(doctor, async () => (await wk.query(sql)).rows))),
    ),
    poison("search_path", "select set_config('search_path', 'pg_temp', false)"),
    poison(
      "time zone and date style",
      "select set_config('TimeZone', 'Pacific/Auckland', false), set_config('DateStyle', 'SQL, DMY', false)",
    ),
    poison("a role", "select set_config('role', 'none', false)"),
    poison("the token", "select set_config('wardkeep.token', current_setting('wardkeep.token'), false)"),
    poison("row_security off", "select set_config('row_security', 'off', false)"),
    poison("a time-out of one millisecond", "select set_config('statement_timeout', '1', false)"),
  ]
}
