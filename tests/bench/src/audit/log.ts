import { createHash, generateKeyPairSync } from "node:crypto"
import { createReadStream, mkdtempSync, rmSync, statSync } from "node:fs"
import { open } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { asOwner } from "@wardkeep/postgres/migrate"
import type pg from "pg"
import { openSealer, signerFrom, trustedKeys, verifyBundle, whoSaw, writeBundle } from "wardkeep/audit"
import { openClient } from "../client.ts"
import { connected } from "../data/prepare.ts"
import type { Figure } from "../figures.ts"
import { quantile } from "../statistics.ts"
import { type AuditStage, contextIn } from "./stage.ts"

/** One key for all benches of a run: what one of them sealed, the next one's bundle holds. */
export const { privateKey, publicKey } = generateKeyPairSync("ed25519", {
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
})

export const owner = <T>({ audited }: AuditStage, work: (client: pg.Client) => Promise<T>): Promise<T> =>
  connected(audited.url(audited.migrator), (client) => asOwner(client, audited.policy, () => work(client)))

/** Bytes of what one view leaves: the row, and its share of each index. */
async function bytesPerEvent(admin: pg.Client): Promise<{ heap: number; indexes: number; list: number }> {
  const { rows } = await admin.query(
    `select sum(pg_table_size(c.oid))::float8 as heap, sum(pg_indexes_size(c.oid))::float8 as indexes
       from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'wardkeep_audit.event'::regclass`,
  )
  return rows[0]
}

/** Views of one record through the client, and nothing else: what the log's tables grew by, per view. */
export async function storage(stage: AuditStage): Promise<Figure[]> {
  const { audited, quick } = stage
  const views = quick ? 1_000 : 6_000
  const client = await openClient(audited.policy, audited.url(audited.app), { connections: 1, views: true })
  try {
    return await connected(stage.adminUrl, async (admin) => {
      const text = "select id, full_name from patient where id = $1"
      const show = async (at: number): Promise<void> => {
        const patient = stage.patients[at % stage.patients.length]
        if (patient !== undefined) await client.run(contextIn(audited, patient), () => client.query(text, [patient.id]))
      }
      await show(0)
      const before = await bytesPerEvent(admin)
      // One after the other: where sessions wait for one another's pages, PostgreSQL adds dozens at once that nothing is in yet.
      for (let at = 0; at < views; at++) await show(at)
      const after = await bytesPerEvent(admin)
      const per = (after.heap + after.indexes - before.heap - before.indexes) / views
      const [patient] = stage.patients
      if (patient === undefined) throw new Error("there are no patients")
      await client.run(contextIn(audited, patient), () =>
        client.query("select id, full_name from patient limit 50", []),
      )
      const { rows } = await admin.query<{ list: number }>(
        "select pg_column_size(e.*)::int as list from wardkeep_audit.event e where verb = 'view' and n = 50 limit 1",
      )
      const size = rows[0]?.list ?? Number.NaN
      return [
        {
          what: "storage of a view with its indexes, before its leaf",
          unit: "bytes",
          measured: Math.round(per),
          most: 350,
        },
        { what: "event of 50 persons named by uuids", unit: "bytes", measured: size, most: 600 },
      ]
    })
  } finally {
    await client.close()
  }
}

/** What comes of `work`, and the most memory that this process had meanwhile. */
async function watched<T>(work: Promise<T>): Promise<{ found: T; megabytes: number }> {
  let most = 0
  const look = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss())
  }, 50)
  try {
    return { found: await work, megabytes: Math.round(most / 1e6) }
  } finally {
    clearInterval(look)
  }
}

/** Views of 39,999 persons of one clinic, in the month so many months from now. */
async function viewsIn(stage: AuditStage, tenant: string, events: number, month: number): Promise<void> {
  await connected(stage.adminUrl, (admin) =>
    admin.query(
      `insert into wardkeep_audit.event (at, tenant, branch, actor, role, purpose, session, verb, relation, subject, detail)
       select clock_timestamp() + make_interval(months => $3), $1, md5('b' || n % 5), 'actor-' || n % 50, 'doctor', 'care', md5('s' || n % 500)::uuid,
              'view', 'public.patient', md5('p' || hashint4($4 + n) % 20000)::uuid::text, '{"source":"exact"}' from generate_series(1, $2::int) n`,
      [tenant, events, month, events * month],
    ),
  )
}

async function seal(stage: AuditStage, client: pg.Client): Promise<number> {
  const { deployment } = stage.audited.policy
  const sealer = await openSealer({ client, deployment, signer: signerFrom(privateKey) })
  const began = Date.now()
  const { events } = await sealer.seal()
  await sealer.close()
  stage.report(`sealed ${events.toLocaleString("en")} events in ${((Date.now() - began) / 1000).toFixed(1)} s`)
  return events
}

/** Of 60 persons, in milliseconds. */
async function askedWhoSaw(client: pg.Client, tenant: string, events: number): Promise<Figure> {
  await client.query("analyze wardkeep_audit.event, wardkeep_audit.leaf")
  const times: number[] = []
  let rows = 0
  for (let i = 0; i < 60; i++) {
    const hash = createHash("md5")
      .update(`p${i * 331}`)
      .digest("hex")
    const subject = hash.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
    const before = performance.now()
    const seen = await whoSaw({ client, tenant, subject, reason: "bench" })
    times.push(performance.now() - before)
    rows += seen.rows.length
  }
  if (rows === 0) throw new Error("nobody saw anybody")
  return {
    what: `who saw a person, p95 of ${events.toLocaleString("en")} events`,
    unit: "ms",
    measured: Math.round(quantile(times, 0.95)),
    most: 100,
  }
}

/**
 * Leaves of all events that have none, in one statement: sealing them one after the other takes ten times what the bench of
 * the log prints for a million. Who asks who saw a person is told whether there is a leaf; nobody verifies these, whose hashes
 * are not those of the events.
 */
async function leavesWithoutHashes(stage: AuditStage, tenant: string, month: number): Promise<void> {
  await connected(stage.adminUrl, (admin) =>
    admin.query(
      `with l as (select id, size from wardkeep_audit.log where tenant = $1), made as (
         insert into wardkeep_audit.leaf (log, index, hash, at, xid, event, seed)
         select l.id, l.size - 1 + row_number() over (), sha256(int8send(e.id)), e.at, e.xid, e.id, sha256(int8send(-e.id)) from l, wardkeep_audit.event e
          where e.tenant = $1 and e.at >= now() + make_interval(months => $2, hours => -1)
            and e.id > (select max(event) from wardkeep_audit.leaf) returning 1)
       update wardkeep_audit.log g set size = l.size + (select count(*) from made) from l where g.id = l.id`,
      [tenant, month],
    ),
  )
}

/** Views of a year, each month in its partition; then asked who saw a person. */
export async function seenInAYear(stage: AuditStage, events: number): Promise<Figure[]> {
  const tenant = stage.patients[0]?.clinic ?? ""
  return await owner(stage, async (client) => {
    await client.query("select wardkeep_audit.make_months(12)")
    await viewsIn(stage, tenant, 1, 0)
    await seal(stage, client)
    for (let month = 0; month < 12; month++) {
      await viewsIn(stage, tenant, Math.ceil(events / 12), month)
      await leavesWithoutHashes(stage, tenant, month)
      stage.report(`${month + 1} of 12 months filled`)
    }
    await viewsIn(stage, tenant, 1, 0)
    await seal(stage, client)
    return [await askedWhoSaw(client, tenant, events)]
  })
}

/** Many views of one clinic, sealed, handed out and verified; then asked who saw a person. */
export async function verification(stage: AuditStage, events: number): Promise<Figure[]> {
  const { audited } = stage
  const tenant = stage.patients[0]?.clinic ?? ""
  await viewsIn(stage, tenant, events, 0)
  const folder = mkdtempSync(join(tmpdir(), "wardkeep-bench-"))
  const file = join(folder, "log.wkbundle")
  try {
    return await owner(stage, async (client) => {
      const { deployment } = audited.policy
      await seal(stage, client)
      const out = await open(file, "w")
      await writeBundle({
        client,
        deployment,
        tenant,
        reason: "bench",
        write: async (text) => void (await out.write(text)),
      })
      await out.close()
      const started = Date.now()
      const { found, megabytes } = await watched(
        verifyBundle({ bytes: createReadStream(file), keys: trustedKeys([publicKey]) }),
      )
      const took = (Date.now() - started) / 1000
      if (!found.ok) throw new Error(`the bundle does not verify: ${found.verdicts.map(({ name }) => name).join(", ")}`)
      stage.report(`bundle of ${Math.round(statSync(file).size / 2 ** 20)} MiB verified`)
      const count = events.toLocaleString("en")
      return [
        {
          what: `offline verification of ${count} events`,
          unit: "s",
          measured: Number(took.toFixed(1)),
          most: (30 * events) / 1e6,
        },
        // Of this whole process, which has made and sealed the log before.
        {
          what: `memory while verifying ${count} events`,
          unit: "MB",
          measured: megabytes,
          most: 300,
        },
        await askedWhoSaw(client, tenant, events),
      ]
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
