import { createHash } from "node:crypto"
import type { Queryable } from "@wardkeep/postgres/migrate"
import { capturing } from "./capturing.js"
import { swallows } from "./swallows.js"

interface TriggerRow {
  readonly name: string
  readonly enabled: string
  readonly version: string
}

const emergency = " wk_sealed_emergency"

/**
 * Whom the recording asks who acts (schema wardkeep), and what writes it down; their definitions, as one hash. Columns of the rows
 * that the batch's snapshot sees: what pg_get_functiondef() says is already that of an apply that commits during the batch.
 */
const functionsQuery = `
  select md5(coalesce(string_agg(md5(concat_ws('|', p.oid, p.pronamespace, p.proname, p.proowner, p.prolang, p.prosecdef, p.proisstrict, p.provolatile,
    p.proretset, p.prorettype, p.proargtypes::text, p.proargnames::text, p.proargdefaults::text, p.proconfig::text, p.prosrc, p.probin, p.prosqlbody::text)),
    ',' order by p.oid), '')) as hash
    from pg_proc p where p.pronamespace in (select oid from pg_namespace where nspname in ('wardkeep', 'wardkeep_audit'))`

/** Of what was applied and of what was migrated: both write their row in the transaction in which they change functions. */
const versionQuery = `
  select concat_ws(' ', (select policy_hash || ' ' || xmin::text from wardkeep.policy_state),
    (select id || ':' || xmin::text from wardkeep.migrations order by id desc limit 1),
    (select id || ':' || xmin::text from wardkeep_audit.migrations order by id desc limit 1)) as version`

/**
 * What the table of the log remembers of a rule or a trigger that was there: PostgreSQL takes neither flag back when it is
 * dropped, and only ANALYZE of that table does later.
 */
const rememberedQuery = `
  select n.nspname || '.' || c.relname as name, c.relhasrules as rules, c.relhastriggers as triggers
    from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'wardkeep_audit' and c.relname = 'event'`

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
  const functions = await client.query<{ hash: string }>(functionsQuery)
  const policy = await client.query<{ version: string }>(versionQuery)
  const log = await client.query<{ name: string; rules: boolean; triggers: boolean }>(rememberedQuery)
  const off = [...rows.filter((row) => row.enabled !== "A").map((row) => row.name), ...(await swallows(client))]
  return JSON.stringify({
    triggers: rows.filter((row) => !row.name.endsWith(emergency)).length,
    state: createHash("sha256")
      .update(JSON.stringify([...rows, ...log.rows]))
      .digest("hex"),
    functions: functions.rows[0]?.hash ?? "",
    policy: policy.rows[0]?.version ?? "",
    off: off.slice(0, 20),
  })
}
