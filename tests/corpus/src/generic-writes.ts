import type { Client } from "pg"
import { ident } from "../../harness/src/sql.ts"
import { enter } from "./acting.ts"
import { type TenantTable, tenantTables } from "./generic-reads.ts"
import type { Installed } from "./installed.ts"
import { type Reachable, reachableRelations } from "./surface.ts"
import { canary, type System, type Tenant } from "./system.ts"

/** Tries to change, delete and insert rows of the others as the first tenant. Each line is an attempt that reached them. */
export async function genericWrites({ system, admin }: Installed): Promise<string[]> {
  const attacker = system.target.tenants[0]
  if (attacker === undefined) return []
  const picture = await pictureOfOthers(admin, system)
  await admin.query("begin")
  try {
    const relations = await as(admin, attacker, () => reachableRelations(admin))
    const breaches: string[] = []
    for (const statement of relations.flatMap((relation) => changes(relation, system))) {
      if (await reaches(admin, attacker, picture, statement)) breaches.push(statement)
    }
    for (const relation of relations.filter(({ isView }) => !isView)) {
      if (await insertsForAnother(admin, attacker, picture, relation)) breaches.push(`insert into ${relation.relation}`)
    }
    return breaches
  } finally {
    await admin.query("rollback")
  }
}

/** Runs as the application's login inside a savepoint, which takes back whatever was done. */
async function as<T>(admin: Client, tenant: Tenant, work: () => Promise<T>, after?: () => Promise<void>): Promise<T> {
  await admin.query("savepoint attempt")
  try {
    await admin.query(`set local session authorization ${ident(tenant.connect.user)}`)
    await enter(admin, tenant)
    // Nothing is committed here, so what a commit would refuse must be refused at once.
    await admin.query("set constraints all immediate")
    const result = await work()
    await admin.query("reset session authorization")
    await after?.()
    return result
  } finally {
    await admin.query("rollback to savepoint attempt")
  }
}

async function reaches(admin: Client, tenant: Tenant, picture: string, statement: string): Promise<boolean> {
  const before = await lookAt(admin, picture)
  let later = before
  try {
    await as(
      admin,
      tenant,
      () => admin.query(statement),
      async () => {
        later = await lookAt(admin, picture)
      },
    )
  } catch {
    return false
  }
  return later !== before
}

async function lookAt(admin: Client, picture: string): Promise<string> {
  const { rows } = await admin.query<{ digest: string }>(picture)
  return rows[0]?.digest ?? ""
}

function changes({ relation, updatable, mayDelete }: Reachable, system: System): string[] {
  const { tenantColumns, tenants } = system.target
  const owning = Array.isArray(tenantColumns) ? tenantColumns : Object.values(tenantColumns)
  const foreign = tenants[1]?.key.replaceAll("'", "''") ?? ""
  const statements = mayDelete ? [`delete from ${relation}`] : []
  const [first] = updatable
  if (first !== undefined) statements.push(`update ${relation} set ${first} = ${first}`)
  // Reads no column, so no policy for SELECT is asked.
  for (const column of updatable.slice(0, 8)) statements.push(`update ${relation} set ${column} = default`)
  for (const column of updatable) {
    if (owning.some((name) => ident(name) === column || name === column)) {
      statements.push(`update ${relation} set ${column} = '${foreign}'`)
    }
  }
  return statements
}

/** Where the rows of the others lie and what they hold: an update moves them, even one that changes nothing. */
async function pictureOfOthers(admin: Client, system: System): Promise<string> {
  const owned = await tenantTables(admin, system)
  const { rows } = await admin.query<{ relation: string }>(
    `select format('%I.%I', n.nspname, c.relname) as relation
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by 1`,
  )
  const keys = system.target.tenants.slice(1).map(({ key }) => `'${key.replaceAll("'", "''")}'`)
  const parts = rows.map(({ relation }) => rowsOfOthers(relation, owned, keys))
  return `select md5(coalesce(string_agg(r, ',' order by r), '')) as digest from (${parts.join(" union all ")}) as all_rows (r)`
}

function rowsOfOthers(relation: string, owned: readonly TenantTable[], keys: readonly string[]): string {
  const column = owned.find((table) => table.relation === relation)?.column
  const theirs = column === undefined ? "" : ` or t.${column}::text in (${keys.join(", ")})`
  return `select t.tableoid || ' ' || t.ctid || t::text from only ${relation} t where t::text like '%${canary}%'${theirs}`
}

/** Takes one row of another tenant away and offers it again as the first tenant. */
async function insertsForAnother(
  admin: Client,
  tenant: Tenant,
  picture: string,
  { relation, insertable }: Reachable,
): Promise<boolean> {
  if (insertable.length === 0) return false
  await admin.query("savepoint taken")
  try {
    await admin.query("set local session_replication_role = replica")
    const { rows } = await admin.query<{ row: string }>(
      `delete from ${relation} t where (t.tableoid, t.ctid) =
         (select x.tableoid, x.ctid from ${relation} x where x::text like '%${canary}%' limit 1)
       returning to_jsonb(t)::text as row`,
    )
    await admin.query("set local session_replication_role = origin")
    const row = rows[0]?.row
    if (row === undefined) return false
    const columns = insertable.join(", ")
    const values = insertable.map((column) => `(given.r).${column}`).join(", ")
    const statement = `insert into ${relation} (${columns}) overriding system value
      select ${values} from (select jsonb_populate_record(null::${relation}, '${row.replaceAll("'", "''")}') as r) as given`
    return await reaches(admin, tenant, picture, statement)
  } finally {
    await admin.query("rollback to savepoint taken")
  }
}
