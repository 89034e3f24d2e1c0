import { type Policy, quoteIdent, roleNames, WardkeepError } from "@wardkeep/core"
import type pg from "pg"
import type { Extension } from "../compile/extension.js"
import { requireSupportedVersion } from "../compile/floor.js"
import { runMigrations } from "../migrate/run-migrations.js"
import { sqlDirectory } from "../migrate/sql-directory.js"
import { secureDatabase } from "./database-acl.js"
import { roleDdl } from "./retry.js"
import { ensureRoles, type LoginPasswords } from "./roles.js"

export interface InstallOptions {
  /** A dedicated connection of an administrator with CREATEROLE who owns the database; a superuser is not needed. */
  readonly admin: pg.Client
  readonly policy: Policy
  readonly passwords?: LoginPasswords
  /** Packages that bring a schema of their own, such as the audit log. */
  readonly extensions?: readonly Extension[]
}

export interface InstallResult {
  readonly roles: readonly string[]
  readonly migrations: readonly string[]
}

/**
 * Makes the roles, the schema `wardkeep` and its objects; a second run changes nothing. Run it again after a restore,
 * in a cloned database and when the policy file gains a role.
 *
 * @throws WK006 server version · WK003 a role of ours is exempt from RLS · WK301 a migration failed, or another one holds the lock
 *   · WK303 the schema belongs to another deployment · WK306 a privilege or a membership could not be taken away · WK901 bundled
 *   without the SQL files
 * @example await install({ admin, policy, passwords: { app, issuer, migrator } })
 */
export async function install({
  admin,
  policy,
  passwords = {},
  extensions = [],
}: InstallOptions): Promise<InstallResult> {
  await requireVersion(admin)
  const { owner } = roleNames(policy)
  await requireOneDeployment(admin, owner)
  const roles = await ensureRoles(admin, policy, passwords)
  await secureDatabase(admin, policy)
  await ownSchema(admin, policy.schema, owner)
  await admin.query(`set role ${quoteIdent(owner)}`)
  try {
    const runs = [{ schema: "wardkeep", directory: sqlDirectory("migrations") }, ...extensions.map((e) => e.migrations)]
    for (const { schema } of runs) await createOnce(admin, `create schema if not exists ${quoteIdent(schema)}`)
    const migrations = await runMigrations(admin, runs)
    for (const { schema } of runs) {
      await admin.query(`revoke all on all tables in schema ${quoteIdent(schema)} from public`)
      await admin.query(`revoke all on all functions in schema ${quoteIdent(schema)} from public`)
    }
    return { roles, migrations }
  } finally {
    await admin.query("reset role")
  }
}

async function requireOneDeployment(admin: pg.Client, owner: string): Promise<void> {
  const { rows } = await admin.query<{ owner: string }>(
    "select nspowner::regrole::text as owner from pg_namespace where nspname = 'wardkeep'",
  )
  if (rows[0] !== undefined && rows[0].owner !== owner && rows[0].owner !== quoteIdent(owner)) {
    throw new WardkeepError("WK303", {
      message: `a schema wardkeep exists and belongs to ${rows[0].owner}, not to ${owner}`,
      hint: "Two deployments cannot share one database; rename or remove the other schema.",
    })
  }
}

async function requireVersion(admin: pg.Client): Promise<void> {
  const { rows } = await admin.query<{ number: string; name: string }>(
    "select current_setting('server_version_num') as number, current_setting('server_version') as name",
  )
  requireSupportedVersion(Number(rows[0]?.number), rows[0]?.name ?? "unknown")
}

/** The owner must be able to create in the host's schema; the schema itself stays with whoever owns it. */
async function ownSchema(admin: pg.Client, schema: string, owner: string): Promise<void> {
  // Read first: from the second run on the owner is the grantor of its own members, who cannot grant back to it (0LP01).
  const { rows } = await admin.query<{ held: boolean }>(
    `select has_schema_privilege($2, oid, 'USAGE WITH GRANT OPTION') and has_schema_privilege($2, oid, 'CREATE WITH GRANT OPTION') as held
       from pg_namespace where nspname = $1`,
    [schema, owner],
  )
  if (rows.length === 0) await admin.query(`create schema ${quoteIdent(schema)} authorization ${quoteIdent(owner)}`)
  else if (rows[0]?.held !== true)
    await roleDdl(
      admin,
      `grant usage, create on schema ${quoteIdent(schema)} to ${quoteIdent(owner)} with grant option`,
    )
}

/** IF NOT EXISTS looks first and inserts later: two at once end in a duplicate key, and the schema is there. */
async function createOnce(admin: pg.Client, sql: string): Promise<void> {
  try {
    await admin.query(sql)
  } catch (error) {
    if (!(error instanceof Error && "code" in error && (error.code === "23505" || error.code === "42P06"))) throw error
  }
}
