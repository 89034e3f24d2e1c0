import { type Policy, splitName, WardkeepError } from "@wardkeep/core"
import { sqlName } from "../compile/names.js"
import { qualified } from "../compile/step.js"
import { inTransaction } from "../database/in-transaction.js"
import { lockTables } from "../database/lock.js"
import type { Queryable } from "../database/queryable.js"
import { asOwner } from "./owner.js"
import { insideTransaction } from "./statements.js"

export interface MaintenanceOptions {
  /** A dedicated connection of the migrator's login. */
  readonly client: Queryable
  readonly policy: Policy
  readonly tables: readonly string[]
  readonly reason: string
  /** Milliseconds to wait for the exclusive lock. Default 5000. */
  readonly lockTimeout?: number
}

/**
 * One short transaction in which the owner sees every row of the named tables: for DDL and validation. Holds an
 * exclusive lock on them, so nobody else reads them meanwhile; FORCE is back before the commit, and read back.
 *
 * @throws WK307 no reason, unknown table, or the lock was not free · the work's own error; nothing is kept then
 * @example
 * await maintenance({ client, policy, tables: ["visit"], reason: "validate" }, (q) =>
 *   q.query("alter table visit validate constraint visit_patient"))
 */
export async function maintenance<T>(options: MaintenanceOptions, work: (q: Queryable) => Promise<T>): Promise<T> {
  const { client, policy, reason, lockTimeout = 5000 } = options
  if (reason.trim() === "") throw new WardkeepError("WK307", { message: "maintenance needs a reason" })
  const named = options.tables.map((table) => {
    const { schema, name } = splitName(table, policy.schema)
    return `${schema}.${name}`
  })
  const unforced = async (): Promise<T> => {
    const tables = await forcedTables(client, named)
    const names = tables.map(({ name }) => name)
    const oids = tables.map(({ oid }) => oid)
    await lockTables(client, names, lockTimeout)
    await setForce(client, names, false)
    // By number and by name: the work may rename a table, or put another in its place. The check at COMMIT reads this line.
    await client.query(
      "select wardkeep.record('maintenance', null, jsonb_build_object('tables', $1::text[], 'oids', $2::bigint[], 'reason', $3::text))",
      [names, oids, reason],
    )
    const result = await work(insideTransaction(client))
    await fireDeferred(client)
    const bare = await bareTables(client, oids, names)
    await setForce(client, bare, true)
    const left = await bareTables(client, oids, names)
    if (left.length > 0)
      throw new WardkeepError("WK307", { message: `FORCE did not come back on ${left.join(", ")}; nothing was kept` })
    return result
  }
  return await asOwner(client, policy, () => inTransaction(client, unforced))
}

/** The named tables and what belongs to them (word tables, partitions), checked to exist. */
async function forcedTables(client: Queryable, named: readonly string[]): Promise<{ name: string; oid: string }[]> {
  const { rows } = await client.query<{ name: string; oid: string; forced: boolean }>(
    `with recursive asked as (
       select c.oid, n.nspname, c.relname, c.relforcerowsecurity as forced
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p') and (${sqlName("n", "c")} = any ($1)
          or (c.relname like '%\\_word' and n.nspname || '.' || left(c.relname, -5) = any ($1) and obj_description(c.oid, 'pg_class') like 'wardkeep:%'))
       union
       select c.oid, n.nspname, c.relname, c.relforcerowsecurity
         from asked a join pg_inherits i on i.inhparent = a.oid join pg_class c on c.oid = i.inhrelid and c.relispartition
         join pg_namespace n on n.oid = c.relnamespace
     )
     select ${sqlName("asked", "asked")} as name, oid::text as oid, forced from asked order by asked.oid`,
    [named],
  )
  const missing = named.filter((name) => !rows.some((row) => row.name === name))
  if (missing.length > 0)
    throw new WardkeepError("WK307", {
      message: `no such table: ${missing.join(", ")}`,
      hint: "Write the name as findings print it: %2E for a dot in it, %20 for a space, %25 for a per cent sign.",
    })
  return rows.filter((row) => row.forced)
}

/**
 * A pending deferred trigger would make ALTER TABLE fail with "has pending trigger events". Wardkeep's own stays
 * deferred: it is what refuses a COMMIT while FORCE is off.
 */
async function fireDeferred(client: Queryable): Promise<void> {
  const { rows } = await client.query<{ list: string | null }>(
    `select string_agg(distinct format('%I.%I', n.nspname, k.conname), ', ') as list
       from pg_constraint k join pg_namespace n on n.oid = k.connamespace where k.condeferrable and n.nspname <> 'wardkeep'`,
  )
  const list = rows[0]?.list ?? null
  if (list !== null) await client.query(`set constraints ${list} immediate`)
}

async function setForce(client: Queryable, tables: readonly string[], force: boolean): Promise<void> {
  for (const table of tables)
    await client.query(`alter table ${qualified(table)} ${force ? "" : "no "}force row level security`)
}

/** Those of the tables, and of what bears their names now, that are not fenced; by the names they have now. */
async function bareTables(client: Queryable, oids: readonly string[], names: readonly string[]): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select ${sqlName("n", "c")} as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p') and (c.oid = any ($1::oid[]) or ${sqlName("n", "c")} = any ($2))
        and not (c.relrowsecurity and c.relforcerowsecurity) order by c.oid`,
    [oids, names],
  )
  return rows.map(({ name }) => name)
}
