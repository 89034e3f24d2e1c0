import { generateKeyPairSync } from "node:crypto"
import { asOwner, type Queryable } from "@wardkeep/postgres/migrate"
import pg from "pg"
import { afterAll, beforeAll, expect, it } from "vitest"
import { installAudited } from "#tests/fixture/audited.ts"
import { type Clinic, connected, withLogin } from "#tests/fixture/clinic.ts"
import { type Grant, inContext, issueBySql } from "#tests/fixture/token.ts"
import { distinct, generator } from "#tests/fuzz/random.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { checkpointNote, type Signer, signerFrom } from "../seal/note.js"
import { rebase } from "../seal/rebase.js"
import { openSealer } from "../seal/sealer.js"
import { type Frontier, frontierBytes, grow } from "../seal/tree.js"
import { trustedKeys, type Verification, verifyDatabase } from "./index.js"

const seed = Number(process.env.WARDKEEP_FUZZ_SEED ?? Date.now() % 2 ** 31)
/** So many of each class, none of them twice. */
const places = 100
/** A backup was made after each of them but the last, which is no older state. */
const batches = 102
/** Leaves of a batch; two of them can change places. */
const perBatch = 2
const size = batches * perBatch
/** Of the deployment's own log: each batch is an entry, and so is the tree head of the tenant's log in it. */
const ownSize = batches * 2
const database = useDatabase()
const { privateKey, publicKey } = generateKeyPairSync("ed25519")
const signer = signerFrom(privateKey.export({ type: "pkcs8", format: "pem" }).toString())
const thief = signerFrom(generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString())
const keys = trustedKeys([publicKey.export({ type: "spki", format: "pem" }).toString()])
let clinic: Clinic
let superuser: pg.Client
let logs: { readonly log: number; readonly own: number }
let triggers: { readonly table: string; readonly trigger: string }[] = []
/** The newest checkpoint of each log. */
let anchors: string[] = []

/** What stands for the words behind a $ in the SQL of a class. */
type Place = Readonly<Record<string, string | number>>

const from = (first: number, below: number): { k: number }[] =>
  Array.from({ length: below - first }, (_, k) => ({ k: first + k }))

/** What a trigger does not record by, now, or since the batch before. */
const ways: Readonly<Record<string, string>> = {
  off: "alter table $table disable trigger $trigger",
  "not on replicas": "alter table $table enable trigger $trigger",
  "on replicas only": "alter table $table enable replica trigger $trigger",
  "off and on again before a batch":
    "alter table $table disable trigger $trigger; alter table $table enable always trigger $trigger",
  "dropped before a batch": "drop trigger $trigger on $table",
}

/** Where something can be tried at all. */
const spaces = {
  leaf: () => from(0, size),
  "leaf behind one of its batch": () => from(0, size).filter(({ k }) => k % perBatch !== 0),
  /** How many batches were sealed when it was made. */
  backup: () => from(1, batches),
  entry: () => from(0, ownSize),
  "entry before another": () => from(0, ownSize - 1),
  trigger: () => triggers.flatMap((each) => Object.keys(ways).map((way) => ({ ...each, way }))),
} as const satisfies Record<string, () => Place[]>

interface TamperClass {
  readonly name: string
  readonly at: keyof typeof spaces
  /** What a superuser does at a place. */
  readonly sql: string | ((place: Place) => string)
  readonly verdict: string
  /** In the newest batch: no smaller size was signed that would tell which of its leaves is missing, only that one is. */
  readonly inNewest?: string
  /** What finds it needs a checkpoint from outside. */
  readonly only?: "anchored"
  /** What somebody does with what is left. */
  readonly afterwards?: (client: Queryable, place: Place) => Promise<unknown>
}

const key = "log = $log and index = $k"
const event = `id = (select event from wardkeep_audit.leaf where ${key})`
const edit = (set: string): string => `update wardkeep_audit.event set ${set} where ${event}`
const oldBackup = `delete from wardkeep_audit.checkpoint c where size > (select size from wardkeep_audit.checkpoint s where s.log = c.log order by size offset $k - 1 limit 1);
  delete from wardkeep_audit.leaf l where index >= (select max(size) from wardkeep_audit.checkpoint c where c.log = l.log);
  delete from wardkeep_audit.event e where not exists (select from wardkeep_audit.leaf l where l.event = e.id)`
const ownKey = "log = $own and index = $k"
/** One bit of one byte, wherever in the entry the place says. */
const bit = "set_bit(entry, $bit % (octet_length(entry) * 8), 1 - get_bit(entry, $bit % (octet_length(entry) * 8)))"

const ofTenants: readonly TamperClass[] = [
  { name: "actor swapped", at: "leaf", sql: edit("actor = 'bela'"), verdict: "EDITED" },
  { name: "time changed", at: "leaf", sql: edit("at = at + interval '1 us'"), verdict: "EDITED" },
  { name: "role changed", at: "leaf", sql: edit("role = 'reception'"), verdict: "EDITED" },
  { name: "purpose changed", at: "leaf", sql: edit("purpose = 'billing'"), verdict: "EDITED" },
  { name: "subject changed", at: "leaf", sql: edit("subject = 'x'"), verdict: "EDITED" },
  { name: "content changed", at: "leaf", sql: edit("detail = '{}'"), verdict: "EDITED" },
  {
    name: "hash changed",
    at: "leaf",
    sql: `update wardkeep_audit.leaf set hash = sha256('x') where ${key}`,
    verdict: "EDITED",
  },
  {
    name: "seed changed",
    at: "leaf",
    sql: `update wardkeep_audit.leaf set seed = sha256('x') where ${key}`,
    verdict: "EDITED",
  },
  { name: "event deleted", at: "leaf", sql: `delete from wardkeep_audit.event where ${event}`, verdict: "DELETED" },
  {
    name: "event and leaf deleted, the gap closed",
    at: "leaf",
    sql: `delete from wardkeep_audit.event where ${event}; delete from wardkeep_audit.leaf where ${key};
      update wardkeep_audit.leaf set index = index - 1 where log = $log and index > $k`,
    verdict: "DELETED",
    inNewest: "TRUNCATED",
  },
  {
    name: "event added to a sealed batch",
    at: "leaf",
    sql: `insert into wardkeep_audit.event (xid, at, tenant, actor, role, purpose, verb, relation)
      select xid, at, tenant, actor, role, purpose, verb, relation from wardkeep_audit.event where ${event}`,
    verdict: "INSERTED",
  },
  {
    name: "leaf doubled",
    at: "leaf",
    sql: `insert into wardkeep_audit.leaf (log, index, hash, at, entry) select log, index, hash, at, 'x' from wardkeep_audit.leaf where ${key}`,
    verdict: "INSERTED",
  },
  {
    name: "tail cut",
    at: "leaf",
    sql: "delete from wardkeep_audit.leaf where log = $log and index >= $k",
    verdict: "TRUNCATED",
  },
  {
    name: "order changed",
    at: "leaf behind one of its batch",
    sql: "update wardkeep_audit.leaf set index = case index when $k then $k - 1 else $k end where log = $log and index in ($k - 1, $k)",
    verdict: "REORDERED",
  },
]

const ofTheDeployment: readonly TamperClass[] = [
  {
    name: "entry of the deployment's log changed",
    at: "entry",
    sql: `update wardkeep_audit.leaf set entry = ${bit} where ${ownKey}`,
    verdict: "EDITED",
  },
  {
    name: "entry of the deployment's log and its hash changed",
    at: "entry",
    sql: `update wardkeep_audit.leaf set entry = ${bit}, hash = sha256('\\x00'::bytea || ${bit}) where ${ownKey}`,
    verdict: "EDITED",
  },
  {
    name: "entry of the deployment's log deleted",
    at: "entry before another",
    sql: `delete from wardkeep_audit.leaf where ${ownKey}`,
    verdict: "DELETED",
  },
  {
    name: "entry of the deployment's log repeated at its end",
    at: "entry",
    sql: `insert into wardkeep_audit.leaf (log, index, hash, at, entry) select log, ${ownSize}, hash, at, entry from wardkeep_audit.leaf where ${ownKey}`,
    verdict: "INSERTED",
  },
  {
    name: "tail of the deployment's log cut",
    at: "entry",
    sql: "delete from wardkeep_audit.leaf where log = $own and index >= $k",
    verdict: "TRUNCATED",
  },
  {
    name: "trigger off",
    at: "trigger",
    sql: ({ way = "" }) => ways[way] ?? "",
    afterwards: (client, { way }) => (`${way}`.endsWith("before a batch") ? sealOn(client) : Promise.resolve()),
    verdict: "GAP_OF_CAPTURE",
  },
  { name: "old backup restored", at: "backup", sql: oldBackup, verdict: "ROLLED_BACK", only: "anchored" },
  {
    name: "old backup restored and rebased",
    at: "backup",
    sql: oldBackup,
    afterwards: (client) => goOn(client, signer),
    verdict: "ROLLED_BACK",
    only: "anchored",
  },
  {
    name: "old backup restored and rebased without the key",
    at: "backup",
    sql: oldBackup,
    afterwards: (client) => goOn(client, thief),
    verdict: "KEY_UNKNOWN",
  },
]

const classes = [...ofTenants, ...ofTheDeployment]

/** Before anchoring and after, in a transaction that is undone; the verifier's own BEGIN and ROLLBACK leave the damage to it. */
async function after(
  sql: string,
  afterwards?: (client: Queryable) => Promise<unknown>,
): Promise<[Verification, Verification]> {
  const query = async (text: string, values?: unknown[]) =>
    /^(begin|commit|rollback)/.test(text) ? { rows: [] } : await superuser.query(text, values)
  const client = { query } as unknown as pg.Client
  await superuser.query("begin")
  try {
    await superuser.query("alter table wardkeep_audit.leaf drop constraint leaf_pkey, drop constraint leaf_event_key")
    await superuser.query(sql)
    await afterwards?.(client)
    return [await verifyDatabase({ client, keys }), await verifyDatabase({ client, keys, anchors })]
  } finally {
    await superuser.query("rollback")
  }
}

async function sealOn(client: Queryable): Promise<void> {
  const sealer = await openSealer({ client, deployment: clinic.policy.deployment, signer, heartbeat: 0 })
  try {
    expect((await sealer.seal()).checkpoint).not.toBeNull()
  } finally {
    await sealer.close()
  }
}

/** The logs as they were when the backup was made, and the act. */
async function goOn(client: Queryable, by: Signer): Promise<void> {
  for (const id of Object.values(logs)) {
    let frontier: Frontier = { size: 0n, roots: [] }
    const ordered = "select hash from wardkeep_audit.leaf where log = $1 order by index"
    for (const { hash } of (await superuser.query<{ hash: Buffer }>(ordered, [id])).rows)
      frontier = grow(frontier, hash)
    const state = [id, frontier.size, frontierBytes(frontier)]
    await superuser.query("update wardkeep_audit.log set size = $2, frontier = $3 where id = $1", state)
  }
  await rebase({ client, deployment: clinic.policy.deployment, signer: by, reason: "disk failure" })
}

const names = ({ verdicts }: Verification): string[] => verdicts.map(({ name }) => name)

async function sealed(): Promise<void> {
  const [first] = clinic.branches
  const asked = { role: "doctor", tenant: first.clinic, branches: [first.branch], purposes: ["care"] }
  const doctor = (await issueBySql(database.ownerUrl, clinic, [asked]))[0] as Grant
  await connected(withLogin(database.ownerUrl, clinic.logins.app), (writer) =>
    connected(withLogin(database.ownerUrl, clinic.logins.migrator), (client) =>
      asOwner(client, clinic.policy, async () => {
        for (let batch = 0; batch < batches; batch++) {
          await inContext(writer, doctor, () => writer.query("update patient set phone = $1", [`${batch}`]))
          await sealOn(client)
        }
      }),
    ),
  )
}

beforeAll(async () => {
  clinic = await installAudited(database.ownerUrl, { patients: perBatch })
  superuser = new pg.Client({ connectionString: database.adminUrl })
  await superuser.connect()
  await sealed()
  const found = await superuser.query<{ id: number; tenant: string; size: number }>(
    "select id, tenant, size::int from wardkeep_audit.log order by tenant <> ''",
  )
  const [own, log] = found.rows
  expect([own, log, found.rows.length]).toMatchObject([{ size: ownSize }, { size }, 2])
  logs = { log: log?.id ?? 0, own: own?.id ?? 0 }
  const newest = await superuser.query<{ note: string }>(
    "select distinct on (log) note from wardkeep_audit.checkpoint c order by log, c.size desc",
  )
  anchors = newest.rows.map(({ note }) => note)
  const recording = await superuser.query<{ table: string; trigger: string }>(
    `select tgrelid::regclass::text as "table", tgname as trigger from pg_trigger
      where tgname like 'wk\\_audit\\_%' or tgname = 'wk_sealed_emergency' order by 1, 2`,
  )
  triggers = recording.rows
}, 120_000)

afterAll(() => superuser.end())

it("what nobody changed verifies, and so does what was sealed on", async () => {
  for (const afterwards of [undefined, sealOn])
    for (const found of await after("select 1", afterwards)) expect([found.ok, names(found)]).toEqual([true, []])
})

/** Damages one place after another, and returns those that were tried. */
async function tryAll(drawn: readonly Place[], one: TamperClass, random: () => number): Promise<Set<string>> {
  const { at, sql, verdict, inNewest = verdict, only, afterwards } = one
  const tried = new Set<string>()
  for (const place of drawn) {
    const words: Place = { ...logs, ...place, bit: Math.floor(random() * 2 ** 16) }
    const text = (typeof sql === "string" ? sql : sql(place)).replaceAll(/\$(\w+)/g, (_, word) => `${words[word]}`)
    const [before, anchored] = await after(text, afterwards && ((client) => afterwards(client, place)))
    const expected = at === "leaf" && Number(place.k) >= size - perBatch ? inNewest : verdict
    const where = `${one.name} at ${JSON.stringify(words)}`
    expect([anchored.ok, names(anchored)], where).toEqual([false, expect.arrayContaining([expected])])
    // Nothing inside tells an older state from the log that it once was.
    if (only === "anchored") expect([before.ok, before.anchored], where).toEqual([true, false])
    else expect([before.ok, names(before)], where).toEqual([false, expect.arrayContaining([expected])])
    tried.add(JSON.stringify(place))
  }
  return tried
}

for (const [offset, one] of classes.entries()) {
  // Each class draws places of its own.
  const of = `(seed ${seed}, class ${offset})`
  if (one.at !== "trigger")
    it(`${one.name} is ${one.verdict} at ${places} places, before and after anchoring ${of}`, async () => {
      const random = generator(seed + offset)
      const tried = await tryAll(distinct<Place>(random, spaces[one.at](), places), one, random)
      expect(tried.size).toBe(places)
    }, 600_000)
  else
    it(`${one.name} is ${one.verdict}, of every trigger and in every way, before and after anchoring`, async () => {
      const recorded = [...clinic.policy.tables.keys()].map((name) => name.replace("public.", ""))
      expect(new Set(triggers.map(({ table }) => table))).toEqual(new Set([...recorded, "wardkeep.break_glass"]))
      expect(triggers).toHaveLength(4 * recorded.length + 1)
      const tried = await tryAll(spaces.trigger(), one, generator(seed))
      expect(tried.size).toBe(triggers.length * Object.keys(ways).length)
      expect(tried.size).toBeGreaterThanOrEqual(places)
    }, 600_000)
}

it(`another log of the same size under this name is SPLIT_VIEW at ${places} anchors (seed ${seed})`, async () => {
  const random = generator(seed)
  const { rows } = await superuser.query<{ note: string }>(
    "select note from wardkeep_audit.checkpoint order by log, size",
  )
  const tried = new Set<string>()
  for (const { note } of distinct(random, rows, places)) {
    const [origin = "", count = "0"] = note.split("\n")
    const other = checkpointNote(signer, origin, BigInt(count), Buffer.alloc(32, 1 + Math.floor(random() * 255)))
    const found = await verifyDatabase({ client: superuser, keys, anchors: [other] })
    expect(names(found), `${count} leaves`).toEqual(["SPLIT_VIEW"])
    tried.add(`${origin} ${count}`)
  }
  expect(tried.size).toBe(places)
}, 600_000)
