import type { Transaction } from "@wardkeep/postgres"
import { useStrategy } from "@wardkeep/postgres/migrate"
import { beforeAll, describe, expect, it } from "vitest"
import { useAssigned } from "#tests/fixture/assigned.ts"
import { connected } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { revokeAssignments } from "./assignments.js"

const database = useDatabase()
const clinic = useAssigned(database)
const connections = 8
const refused = { status: "rejected", reason: { code: "WK102" } }
let people = 0

// Under the portable strategy the next statement is refused: assignments.db.test.ts. This one verifies once a transaction.
beforeAll(async () => {
  await connected(database.ownerUrl, (admin) => useStrategy(admin, clinic.host.policy, "accelerated"))
  await clinic.host.apply()
  expect(await clinic.admin("select wardkeep.strategy() as strategy")).toEqual([{ strategy: "accelerated" }])
})

/** Somebody who is signed in, and the call that takes everything away and commits. */
async function signedIn() {
  const [chief, leaver] = [`chief-${people}`, `leaver-${people++}`]
  await clinic.grant(chief, "chief", 0, { scope: "all" })
  await clinic.grant(leaver, "doctor", 0)
  const boss = await clinic.session(chief)
  const session = await clinic.session(leaver)
  const revoke = (): Promise<number> =>
    clinic.wk.run(boss, () => revokeAssignments(clinic.wk, { actor: leaver, reason: "left" }))
  return { session, revoke, leaver }
}

/** Resolves for everybody once so many have come. */
function meeting(of: number): () => Promise<void> {
  let come = 0
  let open: () => void = () => undefined
  const all = new Promise<void>((resolve) => {
    open = resolve
  })
  return async () => {
    if (++come === of) open()
    await all
  }
}

/** Of a table without `narrowable` actions: those look the token up, and are refused sooner. */
const patients = async (q: Pick<Transaction, "query">): Promise<number> =>
  (await q.query("select id from patient")).rows.length

describe("under the accelerated strategy taking away", () => {
  it("holds on the next transaction of every pooled connection, and on the next single statement", async () => {
    const { session, revoke, leaver } = await signedIn()
    const pool = clinic.make(connections)
    const everywhere = (work: (q: Transaction, backend: number) => Promise<void>) =>
      Promise.allSettled(
        Array.from({ length: connections }, () =>
          pool.run(session, () =>
            pool.tx(async (q) => {
              const { rows } = await q.query<{ pid: number }>("select pg_backend_pid() as pid")
              await work(q, rows[0]?.pid ?? 0)
            }),
          ),
        ),
      )
    const open = meeting(connections + 1)
    const revoked = meeting(connections + 1)
    const backends = new Set<number>()
    const units = everywhere(async (q, pid) => {
      backends.add(pid)
      expect(await patients(q)).toBe(2)
      await open()
      await revoked()
    })
    await open()
    expect(backends.size).toBe(connections)
    expect(await revoke()).toBe(1)
    // Outside of them at once, while they are still open.
    const other = clinic.make(1)
    await expect(other.run(session, () => other.query("select id from patient"))).rejects.toMatchObject({
      code: "WK102",
    })
    await revoked()
    for (const unit of await units) expect(unit).toMatchObject({ status: "fulfilled" })
    const next = await everywhere(async () => {
      throw new Error("no statement of a new transaction is served")
    })
    expect(next).toHaveLength(connections)
    for (const unit of next) expect(unit).toMatchObject(refused)
    await expect(pool.run(session, () => patients(pool))).rejects.toMatchObject({ code: "WK102" })
    await expect(clinic.session(leaver)).rejects.toMatchObject({ code: "WK202" })
  })

  it("leaves nothing that outlives maxTransaction", async () => {
    const { session, revoke } = await signedIn()
    const maxTransaction = 3000
    const wk = clinic.make(1, { maxTransaction })
    const open = meeting(2)
    let began = 0
    let served = 0
    const unit = wk.run(session, () =>
      wk.tx(async (q) => {
        began = performance.now()
        expect(await patients(q)).toBe(2)
        await open()
        for (;;) {
          await patients(q)
          served = performance.now()
          await new Promise((resolve) => setTimeout(resolve, 20))
        }
      }),
    )
    const ended = expect(unit).rejects.toMatchObject({ code: "WK111" })
    await open()
    await revoke()
    const gone = performance.now()
    await ended
    // It did go on: the bound is what ended it.
    expect(served).toBeGreaterThan(gone)
    // The client's clock starts before the first statement; a second is for the machine.
    expect(served - began).toBeLessThan(maxTransaction + 1000)
    await expect(wk.run(session, () => patients(wk))).rejects.toMatchObject({ code: "WK102" })
  })
})
