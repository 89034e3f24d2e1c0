import { generateKeyPairSync } from "node:crypto"
import { asOwner, type Queryable } from "@wardkeep/postgres/migrate"
import pg from "pg"
import { afterAll, beforeAll, expect, it } from "vitest"
import { installAudited } from "#tests/fixture/audited.ts"
import { type Clinic, connected, withLogin } from "#tests/fixture/clinic.ts"
import { type Grant, inContext, issueBySql } from "#tests/fixture/token.ts"
import { generator } from "#tests/fuzz/random.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { checkpointNote, type Signer, signerFrom } from "../seal/note.js"
import { rebase } from "../seal/rebase.js"
import { openSealer } from "../seal/sealer.js"
import { type Frontier, frontierBytes, grow } from "../seal/tree.js"
import { trustedKeys, type Verification, verifyDatabase } from "./index.js"

const seed = Number(process.env.WARDKEEP_FUZZ_SEED ?? Date.now() % 2 ** 31)
const places = 100
const batches = 12
const database = useDatabase()
const { privateKey, publicKey } = generateKeyPairSync("ed25519")
const signer = signerFrom(privateKey.export({ type: "pkcs8", format: "pem" }).toString())
const thief = signerFrom(generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString())
const keys = trustedKeys([publicKey.export({ type: "spki", format: "pem" }).toString()])
let clinic: Clinic
let superuser: pg.Client
let log = 0
let size = 0
/** The newest checkpoint of each log. */
let anchors: string[] = []

const key = "log = $log and index = $k"
const event = `id = (select event from wardkeep_audit.leaf where ${key})`
const edit = (set: string): string => `update wardkeep_audit.event set ${set} where ${event}`

/** Whole numbers from 0 up to below what is asked for. */
function drawing(): (below: number) => number {
  const next = generator(seed)
  return (below) => Math.floor(next() * below)
}

const oldBackup = `delete from wardkeep_audit.checkpoint where log = $log and size > $k; delete from wardkeep_audit.leaf where log = $log and index >= coalesce((select max(size) from wardkeep_audit.checkpoint where log = $log), 0);
  delete from wardkeep_audit.event e where tenant <> '' and not exists (select from wardkeep_audit.leaf l where l.event = e.id);
  delete from wardkeep_audit.checkpoint where log <> $log and size > (select size from wardkeep_audit.checkpoint where log <> $log order by size offset $older limit 1);
  delete from wardkeep_audit.leaf where log <> $log and index >= (select max(size) from wardkeep_audit.checkpoint where log <> $log)`

interface TamperClass {
  readonly name: string
  /** What a superuser does at leaf $k. */
  readonly sql: string
  readonly verdict: string
  /** In the newest batch: no smaller size was signed that would tell which of its leaves is missing, only that one is. */
  readonly inNewest?: string
  /** What finds it needs a checkpoint from outside. */
  readonly only?: "anchored"
  readonly first?: number
  /** Whoever goes on with what is left, as another incarnation. */
  readonly rebasedBy?: Signer
}

const classes: readonly TamperClass[] = [
  { name: "actor swapped", sql: edit("actor = 'bela'"), verdict: "EDITED" },
  { name: "time changed", sql: edit("at = at + interval '1 us'"), verdict: "EDITED" },
  { name: "role changed", sql: edit("role = 'reception'"), verdict: "EDITED" },
  { name: "purpose changed", sql: edit("purpose = 'billing'"), verdict: "EDITED" },
  { name: "subject changed", sql: edit("subject = 'x'"), verdict: "EDITED" },
  { name: "content changed", sql: edit("detail = '{}'"), verdict: "EDITED" },
  { name: "hash changed", sql: `update wardkeep_audit.leaf set hash = sha256('x') where ${key}`, verdict: "EDITED" },
  { name: "seed changed", sql: `update wardkeep_audit.leaf set seed = sha256('x') where ${key}`, verdict: "EDITED" },
  { name: "event deleted", sql: `delete from wardkeep_audit.event where ${event}`, verdict: "DELETED" },
  {
    name: "event and leaf deleted, the gap closed",
    sql: `delete from wardkeep_audit.event where ${event}; delete from wardkeep_audit.leaf where ${key};
      update wardkeep_audit.leaf set index = index - 1 where log = $log and index > $k`,
    verdict: "DELETED",
    inNewest: "TRUNCATED",
  },
  {
    name: "event added to a sealed batch",
    sql: `insert into wardkeep_audit.event (xid, at, tenant, actor, role, purpose, verb, relation)
      select xid, at, tenant, actor, role, purpose, verb, relation from wardkeep_audit.event where ${event}`,
    verdict: "INSERTED",
  },
  {
    name: "leaf doubled",
    sql: `insert into wardkeep_audit.leaf (log, index, hash, at, entry) select log, index, hash, at, 'x' from wardkeep_audit.leaf where ${key}`,
    verdict: "INSERTED",
  },
  { name: "tail cut", sql: "delete from wardkeep_audit.leaf where log = $log and index >= $k", verdict: "TRUNCATED" },
  {
    name: "order changed",
    sql: "update wardkeep_audit.leaf set index = case index when $k then $k - 1 else $k end where log = $log and index in ($k - 1, $k)",
    verdict: "REORDERED",
    first: 1,
  },
  {
    name: "trigger off",
    sql: "alter table patient disable trigger wk_audit_update",
    verdict: "GAP_OF_CAPTURE",
  },
  {
    name: "old backup restored",
    sql: oldBackup,
    verdict: "ROLLED_BACK",
    only: "anchored",
  },
  {
    name: "old backup restored and rebased",
    sql: oldBackup,
    rebasedBy: signer,
    verdict: "ROLLED_BACK",
    only: "anchored",
  },
  { name: "old backup restored and rebased without the key", sql: oldBackup, rebasedBy: thief, verdict: "KEY_UNKNOWN" },
]

/** In a transaction that is undone; the verifier's own BEGIN and ROLLBACK leave the damage to it. */
async function after(sql: string, kept: readonly string[], rebasedBy?: Signer): Promise<Verification> {
  await superuser.query("begin")
  try {
    await superuser.query("alter table wardkeep_audit.leaf drop constraint leaf_pkey, drop constraint leaf_event_key")
    await superuser.query(sql)
    const query = async (text: string, values?: unknown[]) =>
      /^(begin|commit|rollback)/.test(text) ? { rows: [] } : await superuser.query(text, values)
    if (rebasedBy !== undefined) await goOn({ query } as unknown as Queryable, rebasedBy)
    return await verifyDatabase({ client: { query } as unknown as pg.Client, keys, anchors: kept })
  } finally {
    await superuser.query("rollback")
  }
}

/** The logs as they were when the backup was made, and the act. */
async function goOn(client: Queryable, by: Signer): Promise<void> {
  const { rows: logs } = await superuser.query<{ id: number }>("select id from wardkeep_audit.log")
  for (const { id } of logs) {
    let frontier: Frontier = { size: 0n, roots: [] }
    const ordered = "select hash from wardkeep_audit.leaf where log = $1 order by index"
    for (const { hash } of (await superuser.query<{ hash: Buffer }>(ordered, [id])).rows)
      frontier = grow(frontier, hash)
    const state = [id, frontier.size, frontierBytes(frontier)]
    await superuser.query("update wardkeep_audit.log set size = $2, frontier = $3 where id = $1", state)
  }
  await rebase({ client, deployment: clinic.policy.deployment, signer: by, reason: "disk failure" })
}

beforeAll(async () => {
  clinic = await installAudited(database.ownerUrl)
  const [first] = clinic.branches
  const asked = { role: "doctor", tenant: first.clinic, branches: [first.branch], purposes: ["care"] }
  const doctor = (await issueBySql(database.ownerUrl, clinic, [asked]))[0] as Grant
  superuser = new pg.Client({ connectionString: database.adminUrl })
  await superuser.connect()
  for (let batch = 0; batch < batches; batch++) {
    await connected(withLogin(database.ownerUrl, clinic.logins.app), (client) =>
      inContext(client, doctor, () => client.query("update patient set phone = $1", [`${batch}`])),
    )
    await connected(withLogin(database.ownerUrl, clinic.logins.migrator), (client) =>
      asOwner(client, clinic.policy, async () => {
        const sealer = await openSealer({ client, deployment: clinic.policy.deployment, signer, heartbeat: 0 })
        await sealer.seal()
      }),
    )
  }
  const { rows } = await superuser.query<{ id: number; size: string }>(
    "select id, size::text from wardkeep_audit.log where tenant = $1",
    [first.clinic],
  )
  log = rows[0]?.id ?? 0
  size = Number(rows[0]?.size)
  const newest = await superuser.query<{ note: string }>(
    "select distinct on (log) note from wardkeep_audit.checkpoint c order by log, c.size desc",
  )
  anchors = newest.rows.map(({ note }) => note)
}, 120_000)

afterAll(() => superuser.end())

it.each(classes)(
  `$name is $verdict at ${places} places, before and after anchoring (seed ${seed})`,
  { timeout: 600_000 },
  async (one) => {
    const draw = drawing()
    const seen = new Map<string, number>()
    for (let place = 0; place < places; place++) {
      // Two leaves that change places are of one batch: each holds as many as there are patients.
      const perBatch = size / batches
      let k = one.first === 1 ? 1 + draw(size - 1) : draw(size)
      if (one.first === 1 && k % perBatch === 0) k = k - 1
      const sql = one.sql
        .replaceAll("$log", `${log}`)
        .replaceAll("$k", `${k}`)
        .replaceAll("$older", `${Math.max(0, Math.floor(k / perBatch) - 1)}`)
      const verdict = k >= size - perBatch ? (one.inNewest ?? one.verdict) : one.verdict
      for (const kept of [[], anchors]) {
        const found = await after(sql, kept, one.rebasedBy)
        const isSilent = one.only === "anchored" && kept.length === 0
        if (!isSilent)
          expect(
            found.verdicts.map(({ name }) => name),
            `${one.name} at ${k}`,
          ).toContain(verdict)
        expect(found.ok, `${one.name} at ${k}`).toBe(isSilent && found.ok)
      }
      seen.set(verdict, (seen.get(verdict) ?? 0) + 1)
    }
    expect((seen.get(one.verdict) ?? 0) + (seen.get(one.inNewest ?? "") ?? 0)).toBe(places)
    expect(seen.get(one.verdict)).toBeGreaterThan(0)
  },
)

it(`another log of the same size under this name is SPLIT_VIEW at ${places} anchors (seed ${seed})`, async () => {
  const draw = drawing()
  const { rows } = await superuser.query<{ note: string }>("select note from wardkeep_audit.checkpoint")
  for (let place = 0; place < places; place++) {
    const [origin = "", count = "0"] = (rows[draw(rows.length)]?.note ?? "").split("\n")
    const other = checkpointNote(signer, origin, BigInt(count), Buffer.alloc(32, 1 + draw(255)))
    expect((await after("select 1", [other])).verdicts.map(({ name }) => name)).toEqual(["SPLIT_VIEW"])
  }
})
