import type { Wardkeep } from "@wardkeep/postgres"
import { pick } from "./random.ts"
import { patientsPerBranch, type Worker, type World } from "./world.ts"

/** What an operation needs; `check` looks at every row that reaches the caller. */
export interface Turn {
  readonly wk: Wardkeep
  readonly world: World
  readonly worker: Worker
  readonly random: () => number
  readonly count: () => void
  readonly check: (rows: readonly Row[], expected?: number) => void
  readonly killBackend: () => Promise<void>
}

export interface Row {
  readonly branch_id?: string
  readonly full_name?: string
}

export type Operation = (turn: Turn) => Promise<void>

const columns = "id, branch_id, full_name"

const anyPatient = (turn: Turn): string => pick(turn.random, [...turn.world.patients.keys()])
const ownPatient = (turn: Turn): string => pick(turn.random, turn.worker.own)

async function ask(turn: Turn, text: string, values: readonly unknown[] = [], expected?: number): Promise<void> {
  turn.count()
  const { rows } = await turn.wk.query<Row>(text, values)
  turn.check(rows, expected)
}

export const pointOwn: Operation = (turn) =>
  ask(turn, `select ${columns} from patient where id = $1`, [ownPatient(turn)], 1)

export const pointAny: Operation = async (turn) => {
  const id = anyPatient(turn)
  await ask(turn, `select ${columns} from patient where id = $1`, [id], turn.worker.own.includes(id) ? 1 : 0)
}

export const list: Operation = (turn) =>
  ask(turn, `select ${columns} from patient order by id`, [], turn.worker.own.length)

export const updateAny: Operation = async (turn) => {
  const id = anyPatient(turn)
  turn.count()
  const { rowCount } = await turn.wk.query("update patient set phone = $2 where id = $1", [id, String(turn.random())])
  if (rowCount !== (turn.worker.own.includes(id) ? 1 : 0)) turn.check([{ branch_id: "changed" }])
}

export const error: Operation = (turn) =>
  ask(turn, pick(turn.random, ["select 1/0", "select full_name::int from patient", "select * from nowhere", "syntax"]))

export const parallel: Operation = async (turn) => {
  const results = await Promise.allSettled(Array.from({ length: 3 }, () => pointAny(turn)))
  for (const result of results) if (result.status === "rejected") throw result.reason
}

/** What injected SQL would try inside one SELECT. */
export const forge: Operation = async (turn) => {
  const other = pick(turn.random, turn.world.workers).session.grants[0]
  const setting = pick(turn.random, [
    ["role", other?.dbRole ?? ""],
    ["wardkeep.token", `k001${"0".repeat(43)}`],
    ["wardkeep.branch", other?.branches[0] ?? ""],
    ["search_path", "pg_catalog"],
    ["statement_timeout", "1"],
    ["TimeZone", "Pacific/Auckland"],
    ["row_security", "off"],
    ["bytea_output", "escape"],
  ])
  const local = turn.random() < 0.5
  await ask(
    turn,
    `with s as materialized (select set_config($1, $2, $3) v) select ${columns.replaceAll(/(\w+)/g, "p.$1")} from s, lateral (select * from patient where s.v is not null) p`,
    [setting[0], setting[1], local],
  )
}

export const transaction: Operation = (turn) =>
  turn.wk
    .tx(async (q) => {
      for (let i = 0; i < 3; i++) {
        const id = anyPatient(turn)
        turn.count()
        const { rows } = await q.query<Row>(`select ${columns} from patient where id = $1`, [id])
        turn.check(rows, turn.worker.own.includes(id) ? 1 : 0)
        if (turn.random() < 0.3) {
          await turn.wk
            .tx(async (inner) => {
              turn.count()
              await inner.query("update patient set phone = '1' where id = $1", [ownPatient(turn)])
              throw new Planned()
            })
            .catch(onlyPlanned)
        }
      }
      if (turn.random() < 0.3) throw new Planned()
    })
    .catch(onlyPlanned)

export const abort: Operation = async (turn) => {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), turn.random() * 4)
  try {
    turn.count()
    const { rows } = await turn.wk.query<Row>(`select ${columns}, pg_sleep(0.0005) from patient`, [], {
      signal: controller.signal,
    })
    turn.check(rows)
  } finally {
    clearTimeout(timer)
  }
}

export const ormClient: Operation = async (turn) => {
  const client = await turn.wk.pool.connect()
  try {
    turn.count()
    if (turn.random() < 0.5) await client.query("begin")
    const { rows } = await client.query<Row>(`select ${columns} from patient where id = $1`, [anyPatient(turn)])
    turn.check(rows)
    if (turn.random() < 0.3) await client.query("commit")
  } finally {
    client.release()
  }
  if (turn.random() < 0.3) client.release()
  if (turn.random() < 0.3) {
    const late: unknown = await client.query(`select ${columns} from patient`).then(
      () => "answered",
      () => "refused",
    )
    if (late === "answered") turn.check([{ branch_id: "a released handle answered" }])
  }
}

/** Read to its end, or left in the middle. */
export const stream: Operation = async (turn) => {
  const enough = turn.random() < 0.3 ? 4 : Number.POSITIVE_INFINITY
  const rows: Row[] = []
  turn.count()
  const text = `select ${columns} from patient order by id`
  for await (const row of turn.wk.stream<Row>(text, [], { batch: 3 })) if (rows.push(row) === enough) break
  turn.check(rows, Math.min(enough, turn.worker.own.length))
}

export const download: Operation = async (turn) => {
  const chunks: Buffer[] = []
  turn.count()
  for await (const chunk of turn.wk.copyOut("select branch_id, full_name from patient")) chunks.push(chunk)
  const lines = String(Buffer.concat(chunks)).trim().split("\n").slice(1)
  const rows = lines.map((line): Row => ({ branch_id: line.split(",")[0] ?? "", full_name: line.split(",")[1] ?? "" }))
  turn.check(rows, turn.worker.own.length)
}

/** Outside of any context, on the login itself: one row, of the tenant that was asked for. */
export const lookUp: Operation = async (turn) => {
  const tenant = pick(turn.random, [...turn.world.branchesOf.keys()])
  turn.count()
  const rows = await turn.wk.lookup<{ clinic_id: string }>("staff_by_email", `${tenant}@clinic.example`)
  if (rows.length !== 1 || rows[0]?.clinic_id !== tenant) turn.check([{ branch_id: "another look-up's row" }])
}

/** A service of the caller's tenant, which sees all branches there, from inside the caller's own context. */
export const job: Operation = async (turn) => {
  const tenant = turn.worker.session.grants[0]?.tenant ?? ""
  const branches = turn.world.branchesOf.get(tenant) ?? []
  const { failed } = await turn.wk.job("reminders", { tenants: [tenant] }, async () => {
    turn.count()
    const { rows } = await turn.wk.query<Row>("select full_name from patient")
    const own = rows.every((row) => branches.includes(row.full_name?.slice("of ".length) ?? ""))
    if (!own || rows.length !== branches.length * patientsPerBranch) turn.check([{ branch_id: "another job's row" }])
  })
  if (failed[0] !== undefined) throw failed[0].error
}

/** The query starts when somebody awaits it, as with Drizzle, Knex and Prisma. */
export const lazy: Operation = async (turn) => {
  const id = anyPatient(turn)
  const result = await turn.wk.run(turn.worker.session, () =>
    thenable(() => turn.wk.query<Row>(`select ${columns} from patient where id = $1`, [id])),
  )
  turn.count()
  turn.check(result.rows, turn.worker.own.includes(id) ? 1 : 0)
}

export const kill: Operation = (turn) => turn.killBackend()

function thenable<T>(start: () => Promise<T>): Promise<T> {
  return {
    // biome-ignore lint/suspicious/noThenProperty: a lazy thenable is what is being tried
    then: (resolve, reject) => start().then(resolve, reject),
    catch: (reject) => start().catch(reject),
    finally: (done) => start().finally(done),
    [Symbol.toStringTag]: "lazy",
  }
}

class Planned extends Error {}

function onlyPlanned(failure: unknown): void {
  if (!(failure instanceof Planned)) throw failure
}
