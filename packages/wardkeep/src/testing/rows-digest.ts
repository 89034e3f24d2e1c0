import type { Policy } from "@wardkeep/core"
import { inTenant, type Queryable, qualified } from "@wardkeep/postgres/migrate"

interface Where {
  readonly tenant: string
  /** Left out: all of the tenant's. */
  readonly branch?: string
}

interface Table {
  readonly name: string
  readonly branch: boolean
}

/** One hash over every row of a tenant or of one branch, in all fenced tables that say whose their rows are. */
export async function rowsDigest(client: Queryable, policy: Policy, { tenant, branch }: Where): Promise<string> {
  return await inTenant(client, policy, tenant, "a test compares rows", async (q) => {
    const parts: string[] = []
    for (const table of await placedTables(q, policy)) {
      if (branch !== undefined && !table.branch) continue
      const only = branch === undefined ? "" : `where t.${JSON.stringify(policy.tenancy.columns.branch)}::text = $1`
      const { rows } = await q.query<{ digest: string }>(
        `select count(*) || ':' || md5(coalesce(string_agg(t::text, e'\\n' order by t::text collate "C"), '')) as digest
           from ${qualified(table.name)} t ${only}`,
        branch === undefined ? [] : [branch],
      )
      parts.push(`${table.name}=${rows[0]?.digest}`)
    }
    return parts.join("\n")
  })
}

/** Fenced tables with a tenant column; rows of `shared` tables belong to several. */
async function placedTables(q: Queryable, policy: Policy): Promise<Table[]> {
  const { tenant, branch } = policy.tenancy.columns
  const fenced = [...policy.tables].filter(([, { scope }]) => scope !== "global" && scope !== "unmanaged")
  const { rows } = await q.query<Table>(
    `select n.nspname || '.' || c.relname as name, bool_or(a.attname = $3) as branch
       from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where n.nspname || '.' || c.relname = any ($1) and c.relkind in ('r', 'p')
      group by 1 having bool_or(a.attname = $2) order by 1`,
    [fenced.map(([name]) => name), tenant, branch],
  )
  return rows
}
