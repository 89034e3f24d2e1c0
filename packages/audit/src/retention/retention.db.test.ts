import { spawnSync } from "node:child_process"
import { generateKeyPairSync } from "node:crypto"
import { fileURLToPath } from "node:url"
import { asOwner } from "@wardkeep/postgres/migrate"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { installAudited } from "#tests/fixture/audited.ts"
import { waitsFor } from "#tests/fixture/blocked.ts"
import { type Clinic, connected, withLogin } from "#tests/fixture/clinic.ts"
import { type Grant, inContext, issueBySql } from "#tests/fixture/token.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { writeBundle, writeMonth } from "../bundle/bundle.js"
import { eraseSubject } from "../erase/erase.js"
import { timeline } from "../read/read.js"
import { signerFrom } from "../seal/note.js"
import { openSealer } from "../seal/sealer.js"
import { trustedKeys, type Verification, verifyBundle, verifyDatabase } from "../verify/index.js"
import { type DropMonthOptions, dropMonth } from "./drop-month.js"
import { openHolds, placeLogHold, releaseLogHold } from "./hold.js"

const database = useDatabase()
const { privateKey, publicKey } = generateKeyPairSync("ed25519")
const signer = signerFrom(privateKey.export({ type: "pkcs8", format: "pem" }).toString())
const pem = publicKey.export({ type: "spki", format: "pem" }).toString()
const keys = trustedKeys([pem])
const month = monthsAgo(15)
const later = monthsAgo(14)
let owners: pg.Pool
let clinic: Clinic
let doctor: Grant
let tenant = ""
let patient = ""
let anchor = ""

/** `2025-08` */
function monthsAgo(n: number): string {
  const now = new Date()
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - n)).toISOString().slice(0, 7)
}

const admin = (text: string, values: unknown[] = []): Promise<pg.QueryResult> =>
  connected(database.adminUrl, (client) => client.query(text, values))
async function owned<T>(work: (client: pg.ClientBase) => Promise<T>): Promise<T> {
  const client = await owners.connect()
  try {
    return await asOwner(client, clinic.policy, () => work(client))
  } finally {
    client.release()
  }
}
const write = (text: string, values: unknown[] = []): Promise<pg.QueryResult> =>
  connected(withLogin(database.ownerUrl, clinic.logins.app), (client) =>
    inContext(client, doctor, () => client.query(text, values)),
  )

async function seal(): Promise<string> {
  return await owned(async (client) => {
    const sealer = await openSealer({ client, deployment: clinic.policy.deployment, signer, heartbeat: 0 })
    const { checkpoint } = await sealer.seal()
    await sealer.close()
    return checkpoint ?? ""
  })
}

const drop = (over: Partial<DropMonthOptions> = {}): Promise<{ events: number }> =>
  owned((client) =>
    dropMonth({ client, month, keepMonths: 13, reason: "retention is over", sealWait: 0, seal, ...over }),
  )

const verified = (anchors: string[] = []): Promise<Verification> =>
  connected(database.adminUrl, (client) => verifyDatabase({ client, keys, anchors }))

async function bundled(subject?: string, of = tenant): Promise<string> {
  let text = ""
  const about = subject === undefined ? {} : { subject }
  const asked = { deployment: clinic.policy.deployment, tenant: of, reason: "request 17", ...about }
  const take = async (piece: string): Promise<void> => {
    text += piece
  }
  await owned((client) => writeBundle({ client, ...asked, write: take }))
  return text
}

async function read(text: string, anchors: string[] = []): Promise<Verification> {
  const bytes = async function* (): AsyncIterable<Uint8Array> {
    yield Buffer.from(text)
  }
  return await verifyBundle({ bytes: bytes(), keys, anchors })
}

interface Other {
  readonly size: number
  readonly roots: boolean
  readonly signatures: string[]
  readonly edited: number
  readonly dropped: number
  readonly deleted: number
}

function second(text: string): Other[] {
  const script = fileURLToPath(new URL("../verify/second-bundle.py", import.meta.url))
  const run = spawnSync("python3", [script, pem], { input: text, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 })
  expect(run.stderr).toBe("")
  return JSON.parse(run.stdout)
}

/** What an owner without the key could have sealed: that a leaf was of a month that was dropped. */
const forgery = (of: string, index: string, whose = tenant): string =>
  `insert into wardkeep_audit.event (tenant, actor, role, purpose, verb, relation, n, detail)
   values ('${whose}', 'audit:forger', 'owner', 'retention', 'retention', 'wardkeep_audit.event', 1,
     concat('{"phase":"begun","month":"${of}","reason":"x","leaves":[[', ${index}, ',', ${index}, ']]}'))`

const names = ({ verdicts }: Verification): string[] => [...new Set(verdicts.map((verdict) => verdict.name))].sort()

beforeAll(async () => {
  clinic = await installAudited(database.ownerUrl)
  owners = new pg.Pool({ connectionString: withLogin(database.ownerUrl, clinic.logins.migrator), max: 3 })
  const [first] = clinic.branches
  tenant = first.clinic
  const asked = { role: "doctor", tenant, branches: [first.branch], purposes: ["care"] }
  doctor = (await issueBySql(database.ownerUrl, clinic, [asked]))[0] as Grant
  patient = (await write("insert into patient (full_name) values ('Ravi') returning id")).rows[0].id
  for (const phone of ["96", "98"]) await write("update patient set phone = $1", [phone])
  await write("update patient set phone = '99' where id = $1", [patient])
  // What was written until now happened in that month, in a partition of its own: nobody has a machine that old.
  await owned(async (client) => {
    for (const [from, to] of [
      [month, later],
      [later, monthsAgo(13)],
    ] as const) {
      const name = `wardkeep_audit.event_${from.replace("-", "_")}`
      await client.query(`create table ${name} (like wardkeep_audit.event including defaults including constraints)`)
      await client.query(`alter table ${name} enable row level security`)
      await client.query(
        `alter table wardkeep_audit.event attach partition ${name} for values from ('${from}-01 00:00+00') to ('${to}-01 00:00+00')`,
      )
    }
  })
  await admin("update wardkeep_audit.event set at = $1::timestamptz + interval '3 days' + (at - $2::timestamptz)", [
    `${month}-01T00:00:00Z`,
    new Date().toISOString(),
  ])
  // One of the month after that.
  await admin(
    "update wardkeep_audit.event set at = at + interval '1 month' where id = (select max(id) from wardkeep_audit.event)",
  )
})

afterAll(() => owners.end())

describe("a legal hold", () => {
  it("is an event, and keeps months and persons it covers until it is released", async () => {
    await seal()
    const authority = "district court"
    const held = { tenant, reason: "case 4", authority }
    const place = (over: object): Promise<string> => owned((client) => placeLogHold({ client, ...held, ...over }))
    const release = (hold: string, reason = "case closed"): Promise<void> =>
      owned((client) => releaseLogHold({ client, hold, reason }))
    const erase = (): Promise<unknown> =>
      owned((client) => eraseSubject({ client, tenant, subject: patient, reason: "request 18" }))
    const span = { since: `${month}-02T00:00Z`, until: `${month}-20T00:00Z` }
    for (const scope of [{}, { subject: patient.toUpperCase() }, span]) {
      const hold = await place(scope)
      await expect(drop()).rejects.toMatchObject({ code: "WK440" })
      await seal()
      await expect(erase()).rejects.toMatchObject({ code: "WK440" })
      const open = await owned(openHolds)
      expect(open).toMatchObject([{ id: hold, tenant, authority, placed_in: "audit" }])
      await release(hold)
      await expect(release(hold)).rejects.toMatchObject({ code: "WK443" })
    }
    // What says again, after an erasure, what an event of that time told.
    const restated = [
      "insert into wardkeep_audit.event (at, tenant, actor, role, purpose, verb, relation, subject, detail) values ($1, $2, 'asha', 'doctor', 'care', 'view', 'public.patient', 'b', $3)",
      [`${month}-10T00:00Z`, tenant, '{"source":"rows","restates":"1","at":"2001-01-10T00:00:00+00:00"}'],
    ] as const
    await admin(restated[0], [...restated[1]])
    const old = await place({ since: "2001-01-01T00:00Z", until: "2001-02-01T00:00Z" })
    await expect(drop()).rejects.toMatchObject({ code: "WK440" })
    await release(old)
    await admin("delete from wardkeep_audit.event where detail = $1", [restated[1][2]])
    const elsewhere = [{ since: "2001-01-01T00:00Z", until: "2001-02-01T00:00Z" }, { tenant: "another" }]
    for (const scope of elsewhere) {
      const hold = await place(scope)
      await expect(drop({ keepMonths: 1000 })).rejects.toMatchObject({ code: "WK441" })
      await owned((client) => client.query("select wardkeep_audit.refuse_held_month($1)", [month]))
      await release(hold)
    }
    for (const over of [{ reason: " " }, { authority: "" }, { since: span.until, until: span.since }])
      await expect(place(over)).rejects.toMatchObject({ code: "WK443" })
    const { rows } = await admin(
      "select detail::json ->> 'phase' as phase from wardkeep_audit.event where verb = 'hold' and subject = $1 order by id",
      [patient],
    )
    expect(rows).toEqual([{ phase: "placed" }, { phase: "released" }])
  })

  it.each([
    ["erase", () => owned((client) => eraseSubject({ client, tenant, subject: patient, reason: "request 18" }))],
    ["drop", () => drop()],
  ] as const)("that is being placed is waited for by whoever would %s", async (_, remove) => {
    await seal()
    const placing = new pg.Client({ connectionString: withLogin(database.ownerUrl, clinic.logins.migrator) })
    await placing.connect()
    await asOwner(placing, clinic.policy, async () => {
      await placing.query("begin")
      const hold = await placeLogHold({ client: placing, tenant, subject: patient, reason: "case", authority: "court" })
      const removing: Promise<unknown> = remove()
      expect(await waitsFor(database.adminUrl, placing, removing)).toBe("waits")
      await placing.query("commit")
      await expect(removing).rejects.toMatchObject({ code: "WK440" })
      await releaseLogHold({ client: placing, hold, reason: "case closed" })
    })
    await placing.end()
  })
})

it("nobody but the owner holds, releases, drops or retires, neither by function nor by table", async () => {
  const app = withLogin(database.ownerUrl, clinic.logins.app)
  for (const call of [
    "select wardkeep_audit.place_hold('t', null, null, null, 'r', 'a')",
    "select wardkeep_audit.release_hold(gen_random_uuid(), 'r')",
    "select wardkeep_audit.begin_drop('2025-01', '1 year', 'r')",
    "select wardkeep_audit.finish_drop('2025-01')",
    "select wardkeep_audit.forget_dropped('2025-01')",
    "select wardkeep_audit.lock_within(1, 'share', array['wardkeep_audit.hold'])",
    "select wardkeep_audit.retire_key(repeat('a', 64), repeat('b', 64), 'r')",
    "select * from wardkeep_audit.open_holds()",
    "delete from wardkeep_audit.hold",
    "insert into wardkeep_audit.event (tenant, actor, role, purpose, verb, relation) values ('t', 'a', 'owner', 'retention', 'retention', 'wardkeep_audit.event')",
    `drop table wardkeep_audit.event_${month.replace("-", "_")}`,
  ])
    for (const work of [
      () => connected(app, (client) => client.query(call)),
      () => connected(app, (client) => inContext(client, doctor, () => client.query(call))),
    ])
      await expect(work(), call).rejects.toMatchObject({ code: "42501" })
})

describe("a month of the log", () => {
  it("is not dropped young, unsealed, unsaid, or while nobody seals that it is", async () => {
    await expect(drop({ month: monthsAgo(13) })).rejects.toMatchObject({ code: "WK441" })
    await expect(drop({ month: monthsAgo(0), keepMonths: -2 })).rejects.toMatchObject({ code: "WK441" })
    // The law's floor stands whatever the caller says.
    await expect(drop({ month: monthsAgo(11), keepMonths: 1 })).rejects.toMatchObject({ code: "WK441" })
    await expect(drop({ month: "2025-13" })).rejects.toMatchObject({ code: "WK443" })
    await expect(drop({ month: "2001-01" })).rejects.toMatchObject({ code: "WK443" })
    await expect(drop({ reason: " " })).rejects.toMatchObject({ code: "WK443" })
    await expect(drop({ reason: `of ${patient}` })).rejects.toMatchObject({ code: "WK443" })
    await expect(drop({ seal: async () => undefined })).rejects.toMatchObject({ code: "WK442" })
    await seal()
    expect(await verified()).toMatchObject({ ok: true, verdicts: [] })
  })

  it("waits two seconds for a transaction that reads the log, and then gives up", async () => {
    await connected(database.adminUrl, async (reader) => {
      await reader.query("begin")
      await reader.query("select count(*) from wardkeep_audit.event")
      await expect(drop()).rejects.toMatchObject({ code: "WK444" })
      await reader.query("rollback")
    })
  })

  it.each([
    ["a hold", "WK440", "select wardkeep_audit.place_hold($1, null, null, null, 'case 9', 'court')", []],
    [
      "an event of that time",
      "WK443",
      "insert into wardkeep_audit.event (tenant, actor, role, purpose, verb, relation, at) values ($1, 'late', 'doctor', 'care', 'create', 'x', $2)",
      [`${month}-10T00:00Z`],
    ],
  ])("is not dropped where %s came while the drop waited, after it had counted", async (_, code, text, more) => {
    await connected(withLogin(database.ownerUrl, clinic.logins.migrator), (coming) =>
      asOwner(coming, clinic.policy, async () => {
        await coming.query("begin")
        await coming.query(text, [tenant, ...more])
        // That it begins is sealed already.
        const finishing = owned((client) => client.query("select wardkeep_audit.finish_drop($1)", [month]))
        expect(await waitsFor(database.adminUrl, coming, finishing)).toBe("waits")
        await coming.query("commit")
        await expect(finishing).rejects.toMatchObject({ code })
      }),
    )
    for (const { id, reason } of await owned(openHolds))
      if (reason === "case 9") await owned((client) => releaseLogHold({ client, hold: id, reason: "case closed" }))
    await admin("delete from wardkeep_audit.event where actor = 'late'")
  })

  it("is no reason to wait for long behind somebody who places a hold, nor is an erasure", async () => {
    await connected(database.adminUrl, async (placing) => {
      await placing.query("begin")
      await placing.query("lock table wardkeep_audit.hold in row exclusive mode")
      const erase = (client: pg.ClientBase): Promise<unknown> =>
        eraseSubject({ client, tenant, subject: patient, reason: "request 18" })
      const begin = (client: pg.ClientBase): Promise<unknown> =>
        client.query("select wardkeep_audit.begin_drop($1, '13 months', 'over')", [month])
      for (const work of [erase, begin])
        await owned(async (client) => {
          await client.query("begin")
          await client.query("set local lock_timeout = '50ms'")
          const failed = expect(work(client)).rejects
          await failed.toMatchObject({ code: "WK444", message: "transactions that use the log did not end in time" })
          await client.query("rollback")
        })
      const lock =
        "select wardkeep_audit.lock_within(50, 'share', array['wardkeep_audit.event_other', 'wardkeep_audit.hold'])"
      await owned(async (client) => {
        await client.query("begin")
        await client.query("savepoint before")
        await expect(client.query(lock)).rejects.toMatchObject({ code: "WK444" })
        await client.query("rollback to before")
        const kept = await client.query(
          "select mode from pg_locks where pid = pg_backend_pid() and relation::regclass::text like 'wardkeep_audit.%'",
        )
        expect(kept.rows).toEqual([])
        await client.query("rollback")
      })
      await placing.query("rollback")
    })
  })

  it("once dropped is named by both verifiers and a second language, and everything else verifies", async () => {
    await write("update patient set phone = '97' where id = $1", [patient])
    anchor = await seal()
    const old = await bundled()
    let kept = ""
    const { deployment } = clinic.policy
    const take = async (piece: string): Promise<void> => {
      kept += piece
    }
    const beforeDrop = (): Promise<unknown> =>
      owned((client) => writeMonth({ client, deployment, month, reason: "kept", write: take }))
    // Nobody waits for who has another month's partition open, and the other way round; by the log's own name everybody is waited for.
    await admin("create table public.backup as select * from wardkeep_audit.event where at >= $1 and at < $2", [
      `${month}-01T00:00Z`,
      `${later}-01T00:00Z`,
    ])
    const { events } = await connected(database.adminUrl, async (reader) => {
      await reader.query("begin")
      await reader.query(`select from wardkeep_audit.event_${monthsAgo(0).replace("-", "_")} limit 1`)
      const done = await drop({ beforeDrop })
      await reader.query("rollback")
      return done
    })
    expect(events).toBeGreaterThan(3)
    await seal()
    const now = await verified([anchor])
    expect(now).toMatchObject({ ok: true, anchored: true })
    expect(names(now)).toEqual(["DROPPED"])
    expect(now.verdicts.reduce((sum, { count = 0 }) => sum + count, 0)).toBe(events)
    expect(now.verdicts[0]?.message).toMatch(new RegExp(`events of ${month} were dropped on .* by audit:wk_`))
    for (const text of [await bundled(), await bundled(patient)]) {
      const offline = await read(text, [anchor])
      expect(offline).toMatchObject({ ok: true, anchored: true })
      expect(names(offline)).toEqual(["DROPPED"])
      const other = second(text)
      expect(other.map(({ size, dropped }) => [size, dropped])).toEqual(
        offline.logs.map(({ size, dropped }) => [size, dropped]),
      )
      expect(other.every(({ roots, edited, deleted }) => roots && edited === 0 && deleted === 0)).toBe(true)
      expect(new Set(other.flatMap(({ signatures }) => signatures))).toEqual(new Set(["valid"]))
      expect(text).not.toContain("Ravi")
    }
    for (const earlier of [old, kept]) expect(await read(earlier, [anchor])).toMatchObject({ ok: true, verdicts: [] })
    expect(kept).toContain("Ravi")
    const left = await admin(
      `select (select count(*)::int from wardkeep_audit.event where at >= $1 and at < $2) as events, to_regclass($3) as part,
        (select count(*)::int from wardkeep_audit.leaf where at >= $1 and at < $2 and seed is not null) as seeds`,
      [`${month}-01T00:00Z`, `${monthsAgo(14)}-01T00:00Z`, `wardkeep_audit.event_${month.replace("-", "_")}`],
    )
    expect(left.rows).toEqual([{ events: 0, part: null, seeds: 0 }])
    // As if the process had been killed before the last step.
    await admin("update wardkeep_audit.leaf set seed = sha256('x') where at >= $1 and at < $2", [
      `${month}-01T00:00Z`,
      `${monthsAgo(14)}-01T00:00Z`,
    ])
    expect(await drop()).toEqual({ events: 0 })
    const seeds = await admin("select from wardkeep_audit.leaf where at < $1 and seed is not null", [
      `${monthsAgo(14)}-01T00:00Z`,
    ])
    expect(seeds.rowCount).toBe(0)
    await expect(drop()).rejects.toMatchObject({ code: "WK443" })
  })

  it("that comes back from a backup is told, and goes when it is dropped again", async () => {
    await admin("insert into wardkeep_audit.event select * from public.backup")
    const found = await verified([anchor])
    expect(found.ok).toBe(false)
    expect(names(found)).toEqual(["DROPPED", "INSERTED"])
    const again = found.verdicts.filter(({ name }) => name === "INSERTED").map(({ message }) => message)
    expect(again.join()).toMatch(new RegExp(`\\d+ events of ${month}, which was dropped on .*, are there again`))
    expect((await drop()).events).toBeGreaterThan(3)
    await seal()
    expect(await verified([anchor])).toMatchObject({ ok: true })
    await admin("drop table public.backup")
  })

  it("is told to whoever reads the log, with where it begins now", async () => {
    const about = await owned((client) => timeline({ client, tenant, subject: patient, reason: "complaint 4" }))
    const { since, dropped } = about.coverage
    expect(dropped).toMatchObject([{ month }])
    expect(since?.slice(0, 7)).toBe(later)
  })

  it("leaves its act behind when the act's own month is dropped", async () => {
    // As if it had been begun in the month that it drops.
    const dated = async (): Promise<void> => {
      await admin(
        "update wardkeep_audit.event e set at = $1 where verb = 'retention' and not exists (select from wardkeep_audit.leaf l where l.event = e.id)",
        [`${later}-20T00:00Z`],
      )
      await seal()
    }
    expect(await drop({ month: later, seal: dated })).toEqual({ events: 1 })
    await seal()
    expect(names(await verified([anchor]))).toEqual(["DROPPED"])
    const acts = await admin(
      "select tableoid::regclass::text as part from wardkeep_audit.event where verb = 'retention' and at = $1",
      [`${later}-20T00:00Z`],
    )
    expect(acts.rows).toEqual([{ part: "wardkeep_audit.event_other" }])
  })

  it("takes nothing with it that a clock dated wrongly, and that clock stops neither writing nor sealing", async () => {
    await write("update patient set phone = '1' where id = $1", [patient])
    const old = monthsAgo(20)
    await admin("update wardkeep_audit.event set at = $1 where id = (select max(id) from wardkeep_audit.event)", [
      `${old}-10T00:00Z`,
    ])
    for (const phone of ["2", "3"]) await write("update patient set phone = $2 where id = $1", [patient, phone])
    await seal()
    const dropping = drop({ month: old })
    await expect(dropping).rejects.toMatchObject({ code: "WK443", message: expect.stringContaining("other times") })
    expect(names(await verified([anchor]))).toEqual(["DROPPED"])
  })

  it("is no cover for what stands next to it", async () => {
    const { rows } = await admin(
      `select l.event, l.index from wardkeep_audit.leaf l join wardkeep_audit.log g on g.id = l.log join wardkeep_audit.event e on e.id = l.event
        where g.tenant = $1 order by l.index limit 1`,
      [tenant],
    )
    const [{ event, index }] = rows
    await admin(forgery(monthsAgo(30), index))
    await seal()
    expect(names(await verified())).toEqual(["DROPPED"])
    await admin("create table public.taken as select * from wardkeep_audit.event where id = $1", [event])
    await admin("delete from wardkeep_audit.event where id = $1", [event])
    for (const found of [await verified([anchor]), await read(await bundled(), [anchor])]) {
      expect(found.ok).toBe(false)
      expect(names(found)).toEqual(["DELETED", "DROPPED"])
    }
    await admin("insert into wardkeep_audit.event select * from public.taken")
    await admin("drop table public.taken")
    await seal()
    expect(names(await verified([anchor]))).toEqual(["DROPPED"])
  })

  it("is no cover for whoever deletes something else", async () => {
    for (const phone of ["94", "93"]) await write("update patient set phone = $2 where id = $1", [patient, phone])
    await seal()
    const lastOf = "(select l.event from wardkeep_audit.leaf l join wardkeep_audit.log g on g.id = l.log"
    const young = `${lastOf} join wardkeep_audit.event e on e.id = l.event where g.tenant = '${tenant}' and e.verb = 'update' order by l.index desc limit 1)`
    const index = `(select l.index from wardkeep_audit.leaf l where l.event = ${young})`
    for (const of of [monthsAgo(0), month, "2001-01"]) await admin(forgery(of, index))
    await seal()
    expect(names(await verified())).toEqual(["DROPPED"])
    await admin(`delete from wardkeep_audit.event where id = ${young}`)
    const found = await verified([anchor])
    expect(found.ok).toBe(false)
    expect(names(found)).toEqual(["DELETED", "DROPPED"])
    expect(found.verdicts.filter(({ name }) => name === "DELETED")).toHaveLength(1)
  })

  it("is no cover where only the times of the batches say that it was not then, by either language", async () => {
    // The first of its log: no event before it tells when that was.
    const event = `insert into wardkeep_audit.event (tenant, actor, role, purpose, verb, relation) values ('young', 'asha', 'doctor', 'care', 'create', 'x') returning id`
    const [{ id }] = (await admin(event)).rows
    await admin(event)
    await seal()
    await admin(forgery(monthsAgo(20), "0", "young"))
    await seal()
    await admin("delete from wardkeep_audit.event where id = $1", [id])
    const text = await bundled(undefined, "young")
    const found = await read(text, [anchor])
    expect(found.ok).toBe(false)
    expect(names(found)).toEqual(["DELETED"])
    expect(second(text)[1]).toMatchObject({ size: 3, roots: true, edited: 0, dropped: 0, deleted: 1 })
  })
})
