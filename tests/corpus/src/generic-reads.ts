import type { Client } from "pg"
import { ident } from "../../harness/src/sql.ts"
import { Acting, enter } from "./acting.ts"
import type { Installed } from "./installed.ts"
import { type Callable, callableFunctions, type Reachable, reachableRelations } from "./surface.ts"
import { canary, type System, type Tenant } from "./system.ts"

/** Reads everything that the first tenant can reach, in three states of the context. Each line is another tenant's data. */
export async function genericReads({ system, url, admin }: Installed): Promise<string[]> {
  const [a, ...others] = system.target.tenants
  if (a === undefined) return []
  const keys = others.map(({ key }) => key)
  const statements = await asTenant(admin, a, async () => {
    const relations = await reachableRelations(admin)
    const functions = await callableFunctions(admin)
    return [...relations.flatMap(reading), ...functions.flatMap((callable) => calls(callable, keys))]
  })
  const breaches: string[] = []
  const acting = await Acting.connect(url(a.connect.user))
  try {
    for (const [state, tenant, withContext] of statesOf(a)) {
      const answers = await acting.run(tenant, statements, withContext)
      for (const [index, answer] of answers.entries()) {
        if (answer.includes(canary)) breaches.push(`${state}: ${statements[index]}: ${answer.slice(0, 300)}`)
      }
    }
  } finally {
    await acting.end()
  }
  return breaches
}

/** The superuser's connection with the login's rights, in a transaction that is rolled back. */
async function asTenant<T>(admin: Client, tenant: Tenant, work: () => Promise<T>): Promise<T> {
  await admin.query("begin")
  try {
    await admin.query(`set local session authorization ${ident(tenant.connect.user)}`)
    await enter(admin, tenant)
    return await work()
  } finally {
    await admin.query("rollback")
  }
}

function statesOf(tenant: Tenant): [string, Tenant, boolean][] {
  const settings = Object.keys(tenant.connect.settings ?? {}).map((name): [string, string] => [name, ""])
  const empty = { ...tenant, connect: { ...tenant.connect, settings: Object.fromEntries(settings) } }
  // A setting is null only on a connection that never had it; afterwards it is empty.
  return [
    ["without a context", tenant, false],
    ["in its context", tenant, true],
    ["with an empty context", empty, true],
  ]
}

function reading({ relation, selectable }: Reachable): string[] {
  return selectable.length === 0 ? [] : [`select ${selectable.join(", ")} from ${relation}`]
}

/** With the keys of the others and with small numbers, which is what identifiers of real systems are. */
function calls({ name, argumentTypes }: Callable, keys: readonly string[]): string[] {
  if (argumentTypes.length === 0) return [`select * from ${name}()`]
  return [...keys, "1", "2", "3", "4", "101", "102", "%"].map((value) => {
    const values = argumentTypes.map((type) => `'${value.replaceAll("'", "''")}'::${type}`)
    return `select * from ${name}(${values.join(", ")})`
  })
}

/** Rows that break the rule the oracles rest on: the canary marks the rows of the others, and only those. */
export async function canaryRule({ system, admin }: Installed): Promise<string[]> {
  const wrong: string[] = []
  for (const { relation, column } of await tenantTables(admin, system)) {
    const key = system.target.tenants[0]?.key
    const { rows } = await admin.query<{ n: string }>(
      `select count(*) as n from ${relation} t where ${column}::text = $1 and t::text like $2`,
      [key, `%${canary}%`],
    )
    if (rows[0]?.n !== "0") wrong.push(`${relation}: a row of the first tenant carries the canary`)
  }
  return wrong
}

export interface TenantTable {
  readonly relation: string
  readonly column: string
}

export async function tenantTables(admin: Client, { target: { tenantColumns } }: System): Promise<TenantTable[]> {
  if (!Array.isArray(tenantColumns)) {
    return Object.entries(tenantColumns).map(([relation, column]) => ({ relation, column: `"${column}"` }))
  }
  const { rows } = await admin.query<TenantTable>(
    `select format('%I.%I', n.nspname, c.relname) as relation, quote_ident(a.attname) as column
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       join pg_attribute a on a.attrelid = c.oid and a.attname = any($1) and not a.attisdropped
      where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`,
    [tenantColumns],
  )
  return rows
}
