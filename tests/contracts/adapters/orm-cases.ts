import { setTimeout as sleep } from "node:timers/promises"
import { wardkeepErrorIn } from "@wardkeep/core"
import type { Session, Wardkeep } from "@wardkeep/postgres"
import { expect } from "vitest"
import type { Orm, Row } from "./orm.ts"

export interface OrmWorld {
  readonly wk: Wardkeep
  readonly orm: Orm
  /** Receptionists, who may see and change a part of the columns: of clinic A and of clinic B. */
  readonly sessions: readonly [Session, Session]
  /** Another name in every test, for rows that it makes. */
  readonly mark: string
  /** How many rows of this name there really are, whoever may see them. */
  count(name: string): Promise<number>
  /** Sessions of the application inside a transaction. */
  busy(): Promise<number>
}

const tenantOf = (session: Session): string => session.grants[0]!.tenant

/** The code of ours in an error, however the ORM wrapped it. */
export const codeIn = async (work: () => PromiseLike<unknown>): Promise<string | undefined> => {
  try {
    await work()
    return "no error"
  } catch (error) {
    return wardkeepErrorIn(error)?.code ?? `not ours: ${String(error)}`
  }
}

async function expectClean({ wk, orm, sessions, busy }: OrmWorld): Promise<void> {
  await expect.poll(() => [wk.pool.idleCount, wk.pool.waitingCount]).toEqual([wk.pool.totalCount, 0])
  expect(await busy()).toBe(0)
  for (const session of sessions) {
    const rows = await wk.run(session, () => orm.list())
    expect(rows.length).toBeGreaterThan(0)
    expect(new Set(rows.map((row) => row.clinic_id))).toEqual(new Set([tenantOf(session)]))
  }
}

/** A few of an application's ways to read, with pauses in which another tenant can overtake. */
const reads: readonly ((orm: Orm, n: number) => Promise<readonly Row[]>)[] = [
  (orm) => orm.list(),
  (orm) => orm.raw("select clinic_id, full_name from patient"),
  async (orm, n) => {
    await sleep(n % 5)
    const [first, second] = await Promise.all([orm.list(), orm.list()])
    return [...first, ...second]
  },
  async (orm, n) => {
    let rows: readonly Row[] = []
    await orm.transaction(async (inside) => {
      const before = await inside.list()
      await sleep(n % 5)
      rows = [...before, ...(await inside.list())]
    })
    return rows
  },
]

export const ormCases = {
  "without a context": async ({ orm, mark }) => {
    expect(await codeIn(() => orm.list())).toBe("WK101")
    expect(await codeIn(() => orm.create(mark))).toBe("WK101")
    expect(await codeIn(() => orm.transaction((inside) => inside.add(mark)))).toBe("WK101")
  },
  "500 interleaved requests": async (world) => {
    const { wk, orm, sessions } = world
    const answers = await Promise.all(
      Array.from({ length: 500 }, async (_, n) => {
        const session = sessions[n % 2]!
        const rows = await wk.run(session, () => reads[n % reads.length]!(orm, n))
        return rows.length > 0 && rows.every((row) => row.clinic_id === tenantOf(session))
      }),
    )
    expect(answers.filter((right) => !right)).toEqual([])
    await expectClean(world)
  },
  "one row by its key, asked by two tenants at once": async ({ wk, orm, sessions }) => {
    const keys = await wk.run(sessions[0], () => orm.list())
    // Both ask for the rows of the first, all in one tick, in both orders.
    const asked = [...keys, ...keys].flatMap(({ clinic_id, branch_id, id }, n) =>
      (n % 2 === 0 ? [0, 1] : [1, 0]).map(async (who) => {
        const row = await wk.run(sessions[who]!, () => orm.one({ clinic_id, branch_id, id }))
        return who === 0 ? row?.clinic_id === clinic_id : (row ?? null) === null
      }),
    )
    expect((await Promise.all(asked)).filter((right) => !right)).toEqual([])
  },
  rollback: async (world) => {
    const { wk, orm, sessions, mark } = world
    const undone = orm.transaction.bind(orm, async (inside) => {
      await inside.add(mark)
      expect((await inside.list()).some((row) => row.full_name === mark)).toBe(true)
      throw new Error("undo")
    })
    await expect(wk.run(sessions[0], undone)).rejects.toThrow("undo")
    expect(await world.count(mark)).toBe(0)
    await expectClean(world)
  },
  "transaction inside a transaction": async (world) => {
    const { wk, orm, sessions, mark } = world
    await wk.run(sessions[0], () =>
      orm.transaction(async (inside) => {
        await inside.add(`${mark} kept`)
        const inner = inside.nested(async (deeper) => {
          await deeper.add(`${mark} undone`)
          throw new Error("undo the inner one")
        })
        await expect(inner).rejects.toThrow("undo the inner one")
      }),
    )
    expect([await world.count(`${mark} kept`), await world.count(`${mark} undone`)]).toEqual([1, 0])
  },
  "inside wk.tx": async (world) => {
    const { wk, orm, sessions, mark } = world
    const inside = (work: () => PromiseLike<unknown>) =>
      wk.run(sessions[0], () => wk.tx(async () => await codeIn(work)))
    expect(await inside(() => orm.list())).toBe("WK103")
    expect(await inside(() => orm.create(mark))).toBe("WK103")
    expect(await world.count(mark)).toBe(0)
  },
  "connection after an error": async (world) => {
    const { wk, orm, sessions, mark } = world
    const failing = orm.transaction.bind(orm, async (inside) => {
      await inside.add(mark)
      await orm.raw("select 1 / 0 as clinic_id, '' as full_name")
    })
    for (const session of [...sessions, ...sessions]) {
      await expect(wk.run(session, failing)).rejects.toThrow()
      await expect(wk.run(session, () => orm.raw("select nothing from nowhere"))).rejects.toThrow()
    }
    expect(await world.count(mark)).toBe(0)
    await expectClean(world)
  },
  "raw SQL": async ({ wk, orm, sessions, mark, count }) => {
    const [own, other] = sessions.map(tenantOf)
    const read = (text: string) => wk.run(sessions[0], () => orm.raw(text))
    expect(await read(`select clinic_id, full_name from public.patient where clinic_id = '${other}'`)).toEqual([])
    const all = await read("select clinic_id, full_name from patient where true or false")
    expect(new Set(all.map((row) => row.clinic_id))).toEqual(new Set([own]))
    const planted = `insert into patient (clinic_id, full_name) values ('${other}', '${mark}') returning clinic_id, full_name`
    await expect(read(planted)).rejects.toThrow()
    await expect(read("set role none")).rejects.toThrow()
    expect(await count(mark)).toBe(0)
  },
  "read all columns": async ({ wk, orm, sessions }) => {
    const rows = await wk.run(sessions[0], () => orm.allColumns?.() ?? orm.list())
    expect(rows.length).toBeGreaterThan(0)
    expect(rows[0]).toMatchObject({ id: expect.any(String), full_name: expect.any(String), hiv_status: null })
  },
  create: async ({ wk, orm, sessions, mark, count }) => {
    expect(await wk.run(sessions[0], () => orm.create(mark))).toMatch(/^[0-9a-f-]{36}$/)
    expect(await count(mark)).toBe(1)
  },
  save: async ({ wk, orm, sessions, mark, count }) => {
    await wk.run(sessions[0], async () => {
      const [made] = await orm.raw(
        `insert into patient (full_name) values ('${mark}') returning id as full_name, clinic_id`,
      )
      await orm.save(made!.full_name, `${mark} saved`)
    })
    expect([await count(mark), await count(`${mark} saved`)]).toEqual([0, 1])
  },
  "eager loading": async ({ wk, orm, sessions }) => {
    for (const session of sessions) {
      const rows = (await wk.run(session, () => orm.eager())).filter((row) => row.full_name.startsWith("Patient "))
      expect(rows.length).toBeGreaterThan(0)
      for (const { clinic_id, full_name, visits } of rows) {
        expect(clinic_id).toBe(tenantOf(session))
        expect(visits.map(({ reason }) => reason)).toEqual([full_name.replace(/^Patient \d+ /, "visit ")])
      }
    }
  },
  upsert: async ({ wk, orm, sessions, mark, count }) => {
    await wk.run(sessions[0], async () => {
      const [made] = await orm.raw(
        `insert into patient (full_name) values ('${mark}') returning id as full_name, clinic_id`,
      )
      await orm.upsert(made!.full_name, `${mark} again`)
    })
    expect([await count(mark), await count(`${mark} again`)]).toEqual([0, 1])
  },
  "awaited after its context": async ({ wk, orm, sessions }) => {
    // In an object, because a promise would wait for the query.
    const { late } = await wk.run(sessions[0], () => ({ late: orm.lazy() }))
    expect(await codeIn(typeof late === "function" ? late : () => late)).toBe("WK101")
    // Made in one context and awaited in another, it is the other's query or none: never the first one's rows.
    const again = await wk.run(sessions[0], () => ({ late: orm.lazy() }))
    const theirs = wk.run(sessions[1], async () => await (typeof again.late === "function" ? again.late() : again.late))
    const tenants = await theirs.then(
      (rows) => (rows as Row[]).map((row) => row.clinic_id),
      (error: unknown) => [wardkeepErrorIn(error)?.code],
    )
    expect([["WK103"], [tenantOf(sessions[1])]]).toContainEqual([...new Set(tenants)])
  },
  "prepared statements": async ({ wk, orm, sessions }) => {
    for (let round = 0; round < 4; round++)
      for (const session of sessions) {
        const [one, two] = await wk.run(session, () => orm.list())
        for (const { full_name } of [one!, two!]) {
          const found = await wk.run(session, () => orm.find(full_name))
          expect(found.map((row) => [row.clinic_id, row.full_name])).toEqual([[tenantOf(session), full_name]])
          const elsewhere = sessions.find((each) => each !== session)!
          expect(await wk.run(elsewhere, () => orm.find(full_name))).toEqual([])
        }
      }
  },
} satisfies Readonly<Record<string, (world: OrmWorld) => Promise<void>>>

export type OrmCase = keyof typeof ormCases
