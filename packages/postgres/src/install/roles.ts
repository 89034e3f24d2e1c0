import { type Finding, type Policy, quoteIdent, quoteLiteral, roleNames, WardkeepError } from "@wardkeep/core"
import { matrixRoles, vendorRoles } from "../compile/actors.js"
import { roleFindings } from "../compile/role-findings.js"
import type { Queryable } from "../database/queryable.js"
import { roleDdl } from "./retry.js"
import { scramVerifier } from "./scram.js"

/** Passwords of the logins; a login without one keeps the password it has. */
export interface LoginPasswords {
  readonly app?: string
  readonly issuer?: string
  readonly migrator?: string
  /** Only where the policy file has `aggregates`; without it the role cannot log in. */
  readonly vendor?: string
}

/**
 * Makes the roles of a deployment, or brings them back to what they must be. Works for an administrator with
 * CREATEROLE only.
 *
 * @returns the names of the roles that were new
 * @throws WK003 a role of ours is exempt from RLS · WK306 a membership that nobody asked for could not be ended
 */
export async function ensureRoles(client: Queryable, policy: Policy, passwords: LoginPasswords): Promise<string[]> {
  const names = roleNames(policy)
  const matrix = matrixRoles(policy)
  const created: string[] = []
  const wanted: readonly [role: string, attributes: string, password?: string | undefined][] = [
    [names.owner, "nologin inherit"],
    [names.migrator, "login inherit", passwords.migrator],
    [names.issuer, "login inherit", passwords.issuer],
    [names.app, "login noinherit", passwords.app],
    ...vendorRole(policy, passwords),
    ...matrix.map((role): [string, string] => [role, "nologin noinherit"]),
  ]
  for (const [role, attributes, password] of wanted) {
    if (await ensureRole(client, role, attributes, password)) created.push(role)
  }
  // Filtering that nobody asked for becomes an error on the migrator's login instead of UPDATE 0.
  await roleDdl(client, `alter role ${quoteIdent(names.migrator)} set row_security = off`)
  await ensureMember(client, names.owner, names.migrator)
  await ensureMember(client, names.owner, await currentUser(client))
  for (const role of matrix) await ensureMember(client, role, names.app)
  await removeStrangers(client, policy)
  return created
}

/** A new role cannot log in; one that was given a password keeps it. */
function vendorRole(
  policy: Policy,
  { vendor }: LoginPasswords,
): [role: string, attributes: string, password?: string | undefined][] {
  return vendorRoles(policy).map((role) => [role, vendor === undefined ? "noinherit" : "login noinherit", vendor])
}

/** Memberships that nobody asked for, such as of a role that left the policy file, end here and are read back. */
async function removeStrangers(client: Queryable, policy: Policy): Promise<void> {
  for (const { fix = "" } of await memberships(client, policy)) await roleDdl(client, fix.slice(fix.indexOf("revoke ")))
  const left = (await memberships(client, policy))[0]
  if (left !== undefined) throw new WardkeepError("WK306", { message: left.message, hint: left.fix ?? "" })
}

async function memberships(client: Queryable, policy: Policy): Promise<Finding[]> {
  return (await roleFindings(client, policy)).filter((finding) => finding.check === "role-membership")
}

async function ensureRole(client: Queryable, role: string, attributes: string, password?: string): Promise<boolean> {
  const { rows } = await client.query<{ exempt: boolean }>(
    "select rolsuper or rolbypassrls or rolcreaterole or rolreplication as exempt from pg_roles where rolname = $1",
    [role],
  )
  if (rows[0]?.exempt === true) {
    throw new WardkeepError("WK003", {
      message: `the role ${role} exists and has SUPERUSER, BYPASSRLS, CREATEROLE or REPLICATION`,
      hint: "Take these attributes away, or choose another deployment name in the policy file.",
    })
  }
  const verifier = password === undefined ? "" : ` password ${quoteLiteral(scramVerifier(password))}`
  const verb = rows.length === 0 ? "create" : "alter"
  try {
    await roleDdl(client, `${verb} role ${quoteIdent(role)} ${attributes} nocreatedb${verifier}`)
  } catch (error) {
    if (verb === "alter" || !isDuplicate(error)) throw error
    // Another database of the cluster made it in the meantime.
    return await ensureRole(client, role, attributes, password)
  }
  return rows.length === 0
}

function isDuplicate(error: unknown): boolean {
  return (
    typeof error === "object" && error !== null && "code" in error && (error.code === "42710" || error.code === "23505")
  )
}

async function ensureMember(client: Queryable, role: string, member: string): Promise<void> {
  const { rows } = await client.query<{ member: boolean; super: boolean }>(
    `select exists (select from pg_auth_members m where m.roleid = r.oid and m.member = g.oid
                      and coalesce((to_jsonb(m) ->> 'set_option')::boolean, true)) as member, g.rolsuper as super
       from pg_roles r, pg_roles g where r.rolname = $1 and g.rolname = $2`,
    [role, member],
  )
  if (rows[0] === undefined || rows[0].member || rows[0].super) return
  try {
    await roleDdl(client, `grant ${quoteIdent(role)} to ${quoteIdent(member)}`)
  } catch (error) {
    if (!isDuplicate(error)) throw error
    await ensureMember(client, role, member)
  }
}

async function currentUser(client: Queryable): Promise<string> {
  const { rows } = await client.query<{ name: string }>("select current_user::text as name")
  return rows[0]?.name ?? ""
}
