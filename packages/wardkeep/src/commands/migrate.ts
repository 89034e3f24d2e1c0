import { randomBytes } from "node:crypto"
import { audit } from "@wardkeep/audit"
import { consent } from "@wardkeep/consent"
import { type Policy, roleNames, WardkeepError } from "@wardkeep/core"
import {
  currentStrategy,
  install,
  type LoginPasswords,
  type Strategy,
  useStrategy,
  vendorRoles,
} from "@wardkeep/postgres/migrate"
import pg from "pg"
import { administrator, withClient } from "../connection/connect.js"
import { extensionsOf } from "../connection/extensions.js"
import type { Connection } from "../connection/owner.js"

export interface MigrateOptions {
  readonly policy: Policy
  readonly connection: Connection
  /** Makes a password for every login that is new and has none given. */
  readonly generatePasswords?: boolean
  readonly strategy?: Strategy
  /** Adds the audit log; a database that has it keeps it. */
  readonly audit?: boolean
  /** Adds the consent ledger; a database that has it keeps it. */
  readonly consent?: boolean
}

export interface MigrateResult {
  readonly roles: readonly string[]
  readonly migrations: readonly string[]
  readonly strategy: Strategy
  /** By login; the only time they are known. */
  readonly generatedPasswords: Readonly<Record<string, string>>
  /** New logins that nobody can use yet. */
  readonly withoutPassword: readonly string[]
}

type LoginName = "app" | "issuer" | "migrator" | "vendor"

/** The vendor reads figures over clinics, where the policy file has any. */
function loginsOf(policy: Policy): readonly LoginName[] {
  return ["app", "issuer", "migrator", ...vendorRoles(policy).map(() => "vendor" as const)]
}

/**
 * Makes the roles, the schema `wardkeep` and its objects; a second run changes nothing.
 *
 * @throws WK005 · WK006 server version · WK003 a role of ours is exempt · WK301 · WK303 · WK306
 * @example await migrate({ policy, connection: { env: process.env }, generatePasswords: true })
 */
export async function migrate(options: MigrateOptions): Promise<MigrateResult> {
  const { policy, connection } = options
  return await withClient({ ...connection, variables: administrator }, async (admin) => {
    const names = roleNames(policy)
    const logins = loginsOf(policy)
    const fresh = await missing(
      admin,
      logins.map((login) => names[login]),
    )
    const given = fromEnvironment(connection.env, logins)
    const generated: Record<string, string> = {}
    const passwords: Record<string, string> = { ...given }
    for (const login of logins) {
      if (given[login] !== undefined || !options.generatePasswords || !fresh.has(names[login])) continue
      const password = randomBytes(24).toString("base64url")
      passwords[login] = password
      generated[names[login]] = password
    }
    const there = await extensionsOf(admin)
    const extensions = [audit, consent].filter(
      (each) => there.includes(each) || (each === audit ? options.audit : options.consent) === true,
    )
    const installed = await refusalsExplained(() => install({ admin, policy, passwords, extensions }))
    const strategy = await chosenStrategy(admin, policy, options.strategy)
    const withoutPassword = logins.filter((login) => fresh.has(names[login]) && passwords[login] === undefined)
    return {
      ...installed,
      strategy,
      generatedPasswords: generated,
      withoutPassword: withoutPassword.map((login) => names[login]),
    }
  })
}

function fromEnvironment(env: Connection["env"], logins: readonly LoginName[]): LoginPasswords {
  const found = logins.map((login) => [login, env[`WARDKEEP_${login.toUpperCase()}_PASSWORD`]] as const)
  return Object.fromEntries(found.filter(([, password]) => password !== undefined && password !== ""))
}

async function missing(admin: pg.Client, roles: readonly string[]): Promise<Set<string>> {
  const { rows } = await admin.query<{ name: string }>(
    "select u.name from unnest($1::text[]) u(name) where not exists (select from pg_roles r where r.rolname = u.name)",
    [roles],
  )
  return new Set(rows.map((row) => row.name))
}

async function chosenStrategy(admin: pg.Client, policy: Policy, wanted: Strategy | undefined): Promise<Strategy> {
  const inForce = await currentStrategy(admin)
  if (wanted === undefined || wanted === inForce) return inForce
  await useStrategy(admin, policy, wanted)
  return wanted
}

/** An administrator with too few rights gets told which ones are needed. */
async function refusalsExplained<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (!(cause instanceof pg.DatabaseError) || cause.code !== "42501") throw cause
    throw new WardkeepError("WK301", {
      message: `The server refused this login: ${cause.message}`,
      hint: "Connect as an administrator with CREATEROLE who owns the database, then run again: what exists is kept.",
      cause,
    })
  }
}
