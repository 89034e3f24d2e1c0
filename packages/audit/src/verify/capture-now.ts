import { createHash } from "node:crypto"
import type pg from "pg"
import { type Attested, captureGapNow } from "./capture.js"
import type { VerifiedLogs } from "./deployment.js"
import { swallowing } from "./swallowing.js"
import type { Verdict } from "./verdict.js"

type Client = Pick<pg.Client, "query">

/** What is wrong with capture at this moment: what the next batch will say of it. */
export async function captureNow(
  client: Client,
  { origin, newest }: Pick<VerifiedLogs, "origin" | "newest">,
  isElsewhere: boolean,
): Promise<Verdict[]> {
  const now = await attestedNow(client)
  if (now.off.length > 0)
    return now.off.map((name) => ({
      name: "GAP_OF_CAPTURE",
      origin,
      message: `capture is switched off or got round now: ${name}`,
    }))
  const gap = newest === undefined || isElsewhere ? undefined : captureGapNow(origin, newest, now)
  return gap === undefined ? [] : [gap]
}

/** What a batch of this moment would attest, worked out from FORMATS.md and not by what seals. */
async function attestedNow(client: Client): Promise<Attested> {
  const { rows: triggers } = await client.query<{ name: string; enabled: string; version: string }>(
    `select n.nspname || '.' || c.relname || ' ' || t.tgname as name, t.tgenabled::text as enabled, t.xmin::text as version
       from pg_trigger t, pg_class c, pg_namespace n
      where c.oid = t.tgrelid and n.oid = c.relnamespace and not t.tgisinternal
        and (starts_with(t.tgname, 'wk_audit_') or t.tgname = 'wk_sealed_emergency')
      order by name`,
  )
  const { rows: log } = await client.query<{ name: string; rules: boolean; triggers: boolean }>(
    `select 'wardkeep_audit.event' as name, relhasrules as rules, relhastriggers as triggers
       from pg_class where relname = 'event' and relnamespace = 'wardkeep_audit'::regnamespace`,
  )
  const { rows } = await client.query<{ functions: string; policy: string }>(
    `select (select md5(coalesce(string_agg(md5(concat_ws('|', oid, pronamespace, proname, proowner, prolang, prosecdef, proisstrict, provolatile,
               proretset, prorettype, proargtypes, proargnames, proargdefaults, proconfig, prosrc, probin, prosqlbody)), ',' order by oid), ''))
               from pg_proc where pronamespace in ('wardkeep'::regnamespace, 'wardkeep_audit'::regnamespace)) as functions,
            concat_ws(' ', (select policy_hash || ' ' || xmin from wardkeep.policy_state),
              (select id || ':' || xmin from wardkeep.migrations order by id desc limit 1),
              (select id || ':' || xmin from wardkeep_audit.migrations order by id desc limit 1)) as policy`,
  )
  const { functions = "", policy = "" } = rows[0] ?? {}
  return {
    triggers: triggers.filter(({ name }) => !name.endsWith(" wk_sealed_emergency")).length,
    state: createHash("sha256")
      .update(JSON.stringify([...triggers, ...log]))
      .digest("hex"),
    functions,
    policy,
    off: [...triggers.filter(({ enabled }) => enabled !== "A").map(({ name }) => name), ...(await swallowing(client))],
  }
}
