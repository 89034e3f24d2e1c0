import { createHash } from "node:crypto"
import type { Queryable } from "@wardkeep/postgres/migrate"

interface TriggerRow {
  readonly name: string
  readonly enabled: string
  readonly version: string
}

const emergency = " wk_sealed_emergency"

/** The triggers that record, of `pg_trigger t`: those of the policy's tables, and of emergencies. */
export const capturing = "(t.tgname like 'wk\\_audit\\_%' or t.tgname = 'wk_sealed_emergency')"

/**
 * Whether writes are being recorded at this moment, as text for the batch's leaf. `xmin` tells a trigger that was switched
 * off and on again between two batches: only an apply writes triggers and `policy_state` in one transaction.
 */
export async function captureState(client: Queryable): Promise<string> {
  const { rows } = await client.query<TriggerRow>(
    `select n.nspname || '.' || c.relname || ' ' || t.tgname as name, t.tgenabled::text as enabled, t.xmin::text as version
       from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
      where ${capturing} and not t.tgisinternal order by 1`,
  )
  const functions = await client.query<{ hash: string }>(
    `select md5(coalesce(string_agg(p.proname || md5(pg_get_functiondef(p.oid)), ',' order by p.oid::regprocedure::text collate "C"), '')) as hash
       from pg_proc p where p.pronamespace = 'wardkeep_audit'::regnamespace`,
  )
  const policy = await client.query<{ version: string }>(
    "select policy_hash || ' ' || xmin::text as version from wardkeep.policy_state",
  )
  const off = rows.filter((row) => row.enabled !== "A").map((row) => row.name)
  return JSON.stringify({
    triggers: rows.filter((row) => !row.name.endsWith(emergency)).length,
    state: createHash("sha256").update(JSON.stringify(rows)).digest("hex"),
    functions: functions.rows[0]?.hash ?? "",
    policy: policy.rows[0]?.version ?? "",
    off: off.slice(0, 20),
  })
}
