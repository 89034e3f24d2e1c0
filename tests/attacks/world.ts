import { randomBytes } from "node:crypto"
import pg from "pg"
import { type Clinic, canary, installClinic } from "#tests/fixture/clinic.ts"
import { policyWithCashier } from "#tests/fixture/policy.ts"
import { enterBySql, type Grant, issueBySql } from "#tests/fixture/token.ts"
import type { UsedDatabase } from "#tests/harness/src/use-database.ts"

export type Strategy = "portable" | "accelerated"
export type Actor = "doctor" | "reception" | "both" | "neighbour" | "foreigner" | "cashier" | "biller"

/** Keys of one row of a branch, as the superuser reads them. */
export interface Keys {
  readonly patient: string
  readonly visit: string
  readonly note: string
}

/**
 * The attacker works in branch 0. Branch 1 is of the same tenant, branch 2 of another one. Cashier and biller have the same
 * role, whose cells are tied to billing; the cashier's token is for care.
 */
export interface World {
  readonly clinic: Clinic
  readonly strategy: Strategy
  readonly grants: Readonly<Record<Actor, Grant>>
  readonly keys: readonly [Keys, Keys, Keys]
  /** Where the application connects: possibly a pooler. */
  readonly appUrl: string
  readonly issuerUrl: string
  readonly migratorUrl: string
  readonly adminUrl: string
}

/** Stands in `hiv_status` only, so that it also tells columns from each other. */
export function hiddenCanary(branch: number): string {
  return `hidden-${branch}-${["umbra", "velvet", "willow"][branch]}`
}

export async function makeWorld(database: UsedDatabase, strategy: Strategy): Promise<World> {
  const policy = policyWithCashier(`t${randomBytes(4).toString("hex")}`)
  const clinic = await installClinic(database.ownerUrl, { strategy, policy })
  const [own, next, other] = clinic.branches
  const issue = async (role: string, tenant: string, branches: readonly string[], purpose = "care"): Promise<Grant> => {
    const [grant] = await issueBySql(database.adminUrl, clinic, [{ role, tenant, branches, purposes: [purpose] }])
    if (grant === undefined) throw new Error(`no token for ${role}`)
    return grant
  }
  const grants = {
    doctor: await issue("doctor", own.clinic, [own.branch]),
    reception: await issue("reception", own.clinic, [own.branch]),
    both: await issue("doctor", own.clinic, [own.branch, next.branch]),
    neighbour: await issue("doctor", own.clinic, [next.branch]),
    foreigner: await issue("doctor", other.clinic, [other.branch]),
    cashier: await issue("cashier", own.clinic, [own.branch]),
    biller: await issue("cashier", own.clinic, [own.branch], "billing"),
  }
  const keys = await asSuperuser(database.adminUrl, async (admin) => {
    const found: Keys[] = []
    for (const [index, { branch }] of clinic.branches.entries()) {
      await admin.query("update patient set hiv_status = $1 where branch_id = $2", [hiddenCanary(index), branch])
      const { rows } = await admin.query<Keys>(
        "select v.patient_id as patient, v.id as visit, n.id as note from visit v join note n on n.visit_id = v.id where v.branch_id = $1 limit 1",
        [branch],
      )
      if (rows[0] === undefined) throw new Error(`the control failed: branch ${index} has no rows`)
      found.push(rows[0])
    }
    await admin.query("analyze")
    return found
  })
  return {
    clinic,
    strategy,
    grants,
    keys: [keys[0]!, keys[1]!, keys[2]!],
    appUrl: database.appUrl(clinic.logins.app),
    issuerUrl: database.url(clinic.logins.issuer),
    migratorUrl: database.url(clinic.logins.migrator),
    adminUrl: database.adminUrl,
  }
}

/** For arranging and for controls. */
export async function asSuperuser<T>(url: string, work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: url })
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.end()
  }
}

/** What an attacker of branch 0 must never read. */
export function forbidden(actor: Actor): string[] {
  const mine: Partial<Record<Actor, number[]>> = { both: [0, 1], neighbour: [1], foreigner: [2] }
  const reads = mine[actor] ?? [0]
  const narrow = ["reception", "cashier", "biller"].includes(actor)
  const texts: string[] = []
  for (const branch of [0, 1, 2]) {
    const own = reads.includes(branch)
    if (!own) texts.push(canary(branch))
    if (!own || narrow) texts.push(hiddenCanary(branch))
  }
  return texts
}

/** Every field of an error: row values hide in message, detail, where and hint alike. */
export function errorText(error: unknown): string {
  if (error instanceof Error) return JSON.stringify({ ...error, name: error.name, message: error.message })
  return typeof error === "object" ? JSON.stringify(error) : String(error)
}

export function codeOf(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : "none"
}

/** One connection of the application's own login, with everything that comes out of it. */
export class Attacker {
  readonly seen: string[] = []
  readonly client: pg.Client

  constructor(url: string, startup = "") {
    this.client = new pg.Client({ connectionString: url, ...(startup !== "" && { options: startup }) })
    this.client.on("error", (error) => this.seen.push(errorText(error)))
    this.client.on("notice", (notice) => this.seen.push(errorText(notice)))
    this.client.on("notification", (n) => this.seen.push(JSON.stringify(n)))
  }

  async connect(): Promise<void> {
    await this.client.connect()
    // COPY TO sends its rows as messages of their own, which the driver drops.
    const { connection } = this.client as unknown as { connection: NodeJS.EventEmitter }
    connection.on("copyData", (message: { chunk: Buffer }) => this.seen.push(message.chunk.toString()))
  }

  /** The context of a grant, as the prologue sets it, then a control: the attacker sees rows of his own. */
  async enter(world: World, actor: Actor): Promise<void> {
    const grant = world.grants[actor]
    await this.client.query("begin")
    await enterBySql(this.client, grant)
    const { rows } = await this.client.query<{ n: number }>(
      "select count(*)::int as n from public.visit where branch_id = any ($1::uuid[])",
      [grant.branches],
    )
    const expected = world.clinic.patientsPerBranch * grant.branches.length
    if (rows[0]?.n !== expected)
      throw new Error(`the control failed: ${actor} sees ${rows[0]?.n} of ${expected} visits`)
  }

  async query(text: string, values: readonly unknown[] = []): Promise<number> {
    let rows = 0
    for (const result of [await this.client.query(text, values.length === 0 ? undefined : [...values])].flat()) {
      this.seen.push(JSON.stringify(result.rows))
      rows = result.rowCount ?? 0
    }
    return rows
  }

  async end(): Promise<void> {
    await this.client.end()
  }
}
