import type { Policy } from "@wardkeep/core"
import type { Issuer, Wardkeep } from "@wardkeep/postgres"
import { addTenants } from "@wardkeep/postgres/migrate"
import type pg from "pg"
import { type Row, type TestClinic, testClinic } from "./clinic.js"
import { type Crossing, expectNoCrossing } from "./crossing.js"
import { ownerConnection } from "./owner.js"

export interface StageOptions<Branch extends string> {
  /** The application's own client: tests reach the database as the application does. */
  readonly wk: Wardkeep
  readonly issuer: Issuer
  readonly policy: Policy
  /** The migrator's login, which makes clinics and rows. */
  readonly migrator: string | pg.ClientConfig
  /**
   * The branches of each clinic: a name for tests, and the columns of its row, the same for each clinic or by its number.
   * The tenant column is filled in.
   */
  readonly branches: Readonly<Record<Branch, Row | ((n: number) => Row)>>
  /** Columns of a clinic's row; `n` counts the clinics of this stage. Default: none. */
  readonly clinic?: (n: number) => Row
  /** How many clinics are made at once, since making them locks the tables of tenants and branches. Default 20. */
  readonly batch?: number
}

/** Clinics for tests. */
export interface Stage<Branch extends string> {
  /** A clinic that nobody else has: its tests see no other test's rows, in whatever order or however many at once. */
  newClinic(): Promise<TestClinic<Branch>>
  /**
   * Runs a function of the application as one branch, between a sibling branch and a stranger's clinic that have marked
   * rows of their own.
   *
   * @throws WK113 a mark of theirs came back, or a row of theirs changed · WK114 the function did not show the mark of its
   *   own branch, so that nothing is proven, or the stage has one branch only · whatever the function throws
   */
  expectNoCrossing<T>(crossing: Crossing<Branch, T>): Promise<T>
  close(): Promise<void>
}

/**
 * A stage for the host's own tests. What isolates them is what they test: each has a clinic of its own, so that no test
 * needs a rollback, and transactions, pools and ORMs of the application run as they do in production.
 *
 * @throws WK003 the application's login is a superuser, an owner or exempt: under it every test of isolation would pass ·
 *   WK005 the database cannot be reached · WK202, WK307 as for issuing sessions and adding tenants
 * @example
 * const stage = await openStage({ wk, issuer, policy, migrator: MIGRATOR_URL, branches: { A: { name: "A" }, B: { name: "B" } } })
 * const clinic = await stage.newClinic()
 * await clinic.seed("A", { patient: { full_name: "Asha" } })
 * await clinic.asRole("reception", { branch: "B" }, async () => console.log((await wk.query("select from patient")).rows.length)) // 0
 */
export async function openStage<Branch extends string>(options: StageOptions<Branch>): Promise<Stage<Branch>> {
  const { wk, policy } = options
  const { owner, close } = ownerConnection(options.migrator)
  const names = Object.keys(options.branches) as Branch[]
  const ready: TestClinic<Branch>[] = []
  let made = 0
  let making: Promise<void> | undefined

  async function makeClinics(): Promise<void> {
    const tenants = Array.from({ length: options.batch ?? 20 }, () => {
      const n = made++
      const branches = names.map((name) => {
        const row: Row | ((n: number) => Row) = options.branches[name]
        return typeof row === "function" ? row(n) : row
      })
      return { tenant: options.clinic?.(n) ?? {}, branches }
    })
    const added = await owner((client) => addTenants({ client, policy, tenants, reason: "clinics for tests" }))
    for (const { tenant, branches } of added) {
      const named = Object.fromEntries(names.map((name, n) => [name, branches[n]])) as Record<Branch, string>
      ready.push(testClinic({ ...options, owner, tenant, branches: named }))
    }
  }
  async function newClinic(): Promise<TestClinic<Branch>> {
    for (;;) {
      const clinic = ready.shift()
      if (clinic !== undefined) return clinic
      making ??= makeClinics().finally(() => {
        making = undefined
      })
      await making
    }
  }
  try {
    await wk.start()
  } catch (error) {
    await close()
    throw error
  }
  return {
    newClinic,
    expectNoCrossing: async (crossing) =>
      await expectNoCrossing({ policy, owner, names, own: await newClinic(), stranger: await newClinic() }, crossing),
    close,
  }
}
