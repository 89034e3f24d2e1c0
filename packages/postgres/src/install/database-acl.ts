import { type Finding, type Policy, quoteIdent, roleNames, WardkeepError } from "@wardkeep/core"
import { vendorRoles } from "../compile/actors.js"
import type { Queryable } from "../database/queryable.js"
import { roleDdl } from "./retry.js"

/**
 * Takes TEMP and CREATE from PUBLIC and gives CONNECT, and nothing else, to the logins of the deployment. Who else may connect stays
 * as it was: logins of the host go on until a policy is applied. Database ACLs travel neither with a dump nor with CREATE
 * DATABASE … TEMPLATE, so this runs again in every restored or cloned database.
 *
 * @throws WK306 a non-owner's REVOKE only warns; what is still there afterwards is an error here
 */
export async function secureDatabase(client: Queryable, policy: Policy): Promise<void> {
  const names = roleNames(policy)
  const database = await currentDatabase(client)
  const logins = [names.app, names.issuer, names.migrator, ...vendorRoles(policy)].map(quoteIdent).join(", ")
  const statements = [
    `revoke create, temporary on database ${quoteIdent(database)} from public`,
    `revoke all on database ${quoteIdent(database)} from ${logins}`,
    `grant connect on database ${quoteIdent(database)} to ${logins}`,
    `grant create on database ${quoteIdent(database)} to ${quoteIdent(names.owner)}`,
    `revoke create on schema public from public`,
  ]
  for (const statement of statements) await revokeOrExplain(client, statement)
  for (const { revoke } of await grantsToOurRoles(client, policy)) await revokeOrExplain(client, revoke)
  const left = await databaseFindings(client, policy)
  const first = left[0]
  if (first !== undefined) throw new WardkeepError("WK306", { message: first.message, hint: first.fix ?? "" })
}

async function revokeOrExplain(client: Queryable, statement: string): Promise<void> {
  try {
    await roleDdl(client, statement)
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && cause.code === "42501")) throw cause
    throw new WardkeepError("WK306", {
      message: "this administrator does not own the database or its schema",
      hint: `As the database's owner: ${statement}`,
      cause,
    })
  }
}

interface RoleGrant {
  readonly role: string
  readonly privilege: string
  readonly object: string
  readonly revoke: string
}

/** TEMP and CREATE of a role that the application may take are the application's. */
async function grantsToOurRoles(client: Queryable, policy: Policy): Promise<RoleGrant[]> {
  const names = roleNames(policy)
  const { rows } = await client.query<RoleGrant>(
    `select r.rolname::text as role, a.privilege_type as privilege, o.kind || ' ' || o.name as object,
            format('revoke %s on %s %I from %I', lower(a.privilege_type), o.kind, o.name, r.rolname) as revoke
       from (select 'database' as kind, datname::text as name, datacl as acl from pg_database where datname = current_database()
             union all select 'schema', nspname::text, nspacl from pg_namespace where nspname = $1) o
       cross join lateral aclexplode(o.acl) a join pg_roles r on r.oid = a.grantee
      where a.privilege_type in ('TEMPORARY', 'CREATE') and r.rolname like $2 and r.rolname <> $3 order by 1, 2, 3`,
    [policy.schema, `wk\\_${policy.deployment}\\_%`, names.owner],
  )
  return rows
}

/** What the application may do to the database or the schema that it should not; read from the catalog. */
export async function databaseFindings(client: Queryable, policy: Policy): Promise<Finding[]> {
  const names = roleNames(policy)
  const database = await currentDatabase(client)
  const { rows } = await client.query<{ temp: boolean; create: boolean; schema_create: boolean }>(
    `select has_database_privilege($1, current_database(), 'TEMP') as temp,
            has_database_privilege($1, current_database(), 'CREATE') as create,
            has_schema_privilege($1, $2, 'CREATE') as schema_create`,
    [names.app, policy.schema],
  )
  const row = rows[0]
  const findings: Finding[] = []
  const report = (privilege: string, object: string, fix: string): void => {
    findings.push({
      check: "database-privilege",
      severity: "hygiene",
      object,
      message: `${names.app} still has ${privilege} on ${object}`,
      fix,
    })
  }
  if (row?.temp)
    report(
      "TEMP",
      `database ${database}`,
      `As the database's owner: revoke temporary on database ${quoteIdent(database)} from public`,
    )
  if (row?.create)
    report(
      "CREATE",
      `database ${database}`,
      `As the database's owner: revoke create on database ${quoteIdent(database)} from public`,
    )
  if (row?.schema_create) {
    report(
      "CREATE",
      `schema ${policy.schema}`,
      `As the schema's owner: revoke create on schema ${quoteIdent(policy.schema)} from public`,
    )
  }
  for (const { role, privilege, object, revoke } of await grantsToOurRoles(client, policy)) {
    findings.push({
      check: "database-privilege",
      severity: "hygiene",
      object,
      message: `${role} was given ${privilege} on ${object}`,
      fix: `As its owner: ${revoke}`,
    })
  }
  return findings
}

async function currentDatabase(client: Queryable): Promise<string> {
  const { rows } = await client.query<{ name: string }>("select current_database()::text as name")
  return rows[0]?.name ?? ""
}
