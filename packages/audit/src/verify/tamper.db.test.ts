import { generateKeyPairSync } from "node:crypto"
import { asOwner } from "@wardkeep/postgres/migrate"
import pg from "pg"
import { beforeAll, describe, expect, it } from "vitest"
import { installAudited } from "#tests/fixture/audited.ts"
import { type Clinic, connected, withLogin } from "#tests/fixture/clinic.ts"
import { type Grant, inContext, issueBySql } from "#tests/fixture/token.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { writeBundle } from "../bundle/bundle.js"
import { checkpointNote, signerFrom } from "../seal/note.js"
import { rotateKey } from "../seal/rotate.js"
import { openSealer, type Sealed } from "../seal/sealer.js"
import { trustedKeys, type Verdict, type Verification, verifyBundle, verifyDatabase } from "./index.js"

const database = useDatabase()
const pair = (): { secret: string; open: string } => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519")
  return {
    secret: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    open: publicKey.export({ type: "spki", format: "pem" }).toString(),
  }
}
const key = pair()
const thief = pair()
let clinic: Clinic
let doctor: Grant
let url: string

const admin = <T>(work: (client: pg.Client) => Promise<T>): Promise<T> => connected(database.adminUrl, work)
const owned = <T>(work: (client: pg.Client) => Promise<T>): Promise<T> =>
  connected(url, (client) => asOwner(client, clinic.policy, () => work(client)))

async function seal(secret = key.secret): Promise<Sealed> {
  return await owned(async (client) => {
    const signer = signerFrom(secret)
    const sealer = await openSealer({ client, deployment: clinic.policy.deployment, signer, heartbeat: 0 })
    return await sealer.seal()
  })
}

const write = (phone: string): Promise<unknown> =>
  connected(withLogin(database.ownerUrl, clinic.logins.app), (client) =>
    inContext(client, doctor, () => client.query("update patient set phone = $1", [phone])),
  )

/** Three batches of five events in the tenant's log, and the deployment's newest checkpoint. */
async function sealedThreeTimes(): Promise<string> {
  let newest = ""
  for (let batch = 0; batch < 3; batch++) {
    await write(`${Math.random()}`)
    newest = (await seal()).checkpoint ?? ""
  }
  return newest
}

/** What verification says after the superuser's `sql`, which is then undone. */
async function after(sql: string, anchors: string[] = []): Promise<Verification> {
  return await admin(async (client) => {
    await client.query("begin")
    await client.query("alter table wardkeep_audit.leaf drop constraint leaf_pkey")
    await client.query(sql)
    // The verifier's own BEGIN and ROLLBACK must leave the damage to this test.
    const inside = {
      query: async (text: string, values?: unknown[]) =>
        /^(begin|rollback)/.test(text) ? { rows: [] } : await client.query(text, values),
    }
    const result = await verifyDatabase({
      client: inside as unknown as pg.Client,
      keys: trustedKeys([key.open]),
      anchors,
    })
    await client.query("rollback")
    return result
  })
}

const clean = (anchors: string[] = []): Promise<Verification> => after("select 1", anchors)
const names = (verdicts: readonly Verdict[]): string[] => [...new Set(verdicts.map((verdict) => verdict.name))].sort()

beforeAll(async () => {
  clinic = await installAudited(database.ownerUrl)
  url = withLogin(database.ownerUrl, clinic.logins.migrator)
  const [first] = clinic.branches
  const grants = await issueBySql(database.ownerUrl, clinic, [
    { role: "doctor", tenant: first.clinic, branches: [first.branch], purposes: ["care"] },
  ])
  doctor = grants[0] as Grant
})

const tenantLog = "(select id from wardkeep_audit.log where tenant <> '')"
const ownLog = "(select id from wardkeep_audit.log where tenant = '')"
const oldest = `(select min(size) from wardkeep_audit.checkpoint where log = ${tenantLog})`
const place = "log = (select id from wardkeep_audit.log where tenant <> '') and index = 7"
const eventAt = `(select event from wardkeep_audit.leaf where ${place})`

describe("a sealed log", () => {
  it("verifies, says what waits, and that it is self-attested without an anchor", async () => {
    const anchor = await sealedThreeTimes()
    expect(await clean()).toMatchObject({ ok: true, verdicts: [], anchored: false })
    expect(await clean([anchor])).toMatchObject({ ok: true, verdicts: [], anchored: true })
    await write("waiting")
    expect((await clean()).verdicts).toMatchObject([{ name: "UNSEALED", count: 5 }])
    await seal()
    expect((await clean([anchor])).verdicts).toEqual([])
  })

  it("holds every committed event once, with aborts, savepoints and a transaction that stays open over batches", async () => {
    const long = new pg.Client({ connectionString: withLogin(database.ownerUrl, clinic.logins.app) })
    await long.connect()
    const enter = (client: pg.Client): Promise<unknown> =>
      client.query("select set_config('role', $1, true), set_config('wardkeep.token', $2, true)", [
        doctor.db_role,
        doctor.token,
      ])
    await long.query("begin")
    await enter(long)
    await long.query("insert into patient (full_name) values ('long')")
    for (let round = 0; round < 4; round++) {
      await connected(withLogin(database.ownerUrl, clinic.logins.app), async (client) => {
        await client.query("begin")
        await enter(client)
        await client.query("insert into patient (full_name) values ('a')")
        await client.query("savepoint s")
        await client.query("insert into patient (full_name) values ('b')")
        await client.query(round % 2 === 0 ? "rollback to s" : "release s")
        await client.query(round === 3 ? "rollback" : "commit")
      })
      await seal()
    }
    await long.query("commit")
    await long.end()
    await seal()
    const { rows } = await admin((client) =>
      client.query(
        "select count(*)::int as events, count(l.event)::int as sealed, count(distinct l.event)::int as once from wardkeep_audit.event e left join wardkeep_audit.leaf l on l.event = e.id",
      ),
    )
    expect(rows[0].sealed).toBe(rows[0].events)
    expect(rows[0].once).toBe(rows[0].events)
    expect((await clean()).verdicts).toEqual([])
  })
})

describe("a superuser who", () => {
  it.each([
    ["swaps the actor of one event", `update wardkeep_audit.event set actor = 'bela' where id = ${eventAt}`, "EDITED"],
    [
      "swaps the actor and the stored hash",
      `update wardkeep_audit.leaf set hash = sha256('x') where ${place}`,
      "EDITED",
    ],
    ["changes when", `update wardkeep_audit.event set at = at + interval '1 us' where id = ${eventAt}`, "EDITED"],
    ["changes what", `update wardkeep_audit.event set detail = '{}' where id = ${eventAt}`, "EDITED"],
    ["changes whom it is about", `update wardkeep_audit.event set subject = 'x' where id = ${eventAt}`, "EDITED"],
    ["changes the purpose", `update wardkeep_audit.event set purpose = 'billing' where id = ${eventAt}`, "EDITED"],
    ["deletes an event", `delete from wardkeep_audit.event where id = ${eventAt}`, "DELETED"],
    [
      "deletes an event and its leaf",
      `delete from wardkeep_audit.event where id = ${eventAt}; delete from wardkeep_audit.leaf where ${place}`,
      "DELETED",
    ],
    [
      "deletes both and closes the gap",
      `delete from wardkeep_audit.event where id = ${eventAt}; delete from wardkeep_audit.leaf where ${place};
       update wardkeep_audit.leaf set index = index - 1 where log = ${tenantLog} and index > 7`,
      "DELETED",
    ],
    [
      "adds an event to a sealed batch",
      `insert into wardkeep_audit.event (xid, at, tenant, actor, role, purpose, verb, relation)
       select xid, at, tenant, actor, role, purpose, verb, relation from wardkeep_audit.event where id = ${eventAt}`,
      "INSERTED",
    ],
    [
      "adds an event that no snapshot would ever show to the sealer",
      `insert into wardkeep_audit.event (xid, tenant, actor, role, purpose, verb, relation)
       values ('99999999999', 'x', 'x', 'x', 'x', 'view', 'x')`,
      "INSERTED",
    ],
    [
      "adds a leaf",
      `insert into wardkeep_audit.leaf (log, index, hash, at, entry) select ${tenantLog}, max(index) + 1, sha256('x'), now(), 'x' from wardkeep_audit.leaf where log = ${tenantLog}`,
      "INSERTED",
    ],
    [
      "changes the order",
      `update wardkeep_audit.leaf set index = case index when 6 then 7 else 6 end where log = ${tenantLog} and index in (6, 7)`,
      "REORDERED",
    ],
    ["cuts the tail", `delete from wardkeep_audit.leaf where log = ${tenantLog} and index > 11`, "TRUNCATED"],
    ["disables a trigger", "alter table patient disable trigger wk_audit_update", "GAP_OF_CAPTURE"],
    [
      "disables the record of emergencies",
      "alter table wardkeep.break_glass disable trigger wk_sealed_emergency",
      "GAP_OF_CAPTURE",
    ],
    [
      "cuts a clinic's log, and has it known under another seed",
      `delete from wardkeep_audit.event e using wardkeep_audit.leaf l where l.event = e.id and l.log = ${tenantLog} and l.index >= ${oldest};
       delete from wardkeep_audit.leaf where log = ${tenantLog} and index >= ${oldest};
       delete from wardkeep_audit.checkpoint where log = ${tenantLog} and size > ${oldest};
       update wardkeep_audit.log set seed = sha256('x') where id = ${tenantLog}`,
      "SPLIT_VIEW",
    ],
    [
      "removes a clinic's log",
      `create temp table gone on commit drop as select id from wardkeep_audit.log where tenant <> '';
       delete from wardkeep_audit.event where tenant <> ''; delete from wardkeep_audit.leaf where log in (select id from gone);
       delete from wardkeep_audit.checkpoint where log in (select id from gone); delete from wardkeep_audit.log where id in (select id from gone)`,
      "ROLLED_BACK",
    ],
    [
      "edits a checkpoint",
      `update wardkeep_audit.checkpoint set note = replace(note, E'\\n', E'\\r\\n') where log = ${tenantLog}`,
      "EDITED",
    ],
    [
      "moves the time beside a leaf, from which it is said since when the log is kept",
      `update wardkeep_audit.leaf set at = at - interval '5 years' where ${place}`,
      "EDITED",
    ],
    [
      "moves the time beside a leaf by the least there is",
      `update wardkeep_audit.leaf set at = at + interval '1 us' where ${place}`,
      "EDITED",
    ],
    [
      "moves the time beside a batch",
      `update wardkeep_audit.leaf set at = at - interval '2 s' where index = (select min(index) from wardkeep_audit.leaf where log = ${ownLog}) and log = ${ownLog}`,
      "EDITED",
    ],
    [
      "moves the time beside a clinic's tree head",
      `update wardkeep_audit.leaf set at = at + interval '2 s' where index = (select max(index) from wardkeep_audit.leaf where log = ${ownLog}) and log = ${ownLog}`,
      "EDITED",
    ],
    [
      "takes the time beside an entry out of the calendar",
      `update wardkeep_audit.leaf set at = '-infinity' where entry is not null`,
      "EDITED",
    ],
    [
      "moves the time of a clinic's checkpoint",
      `update wardkeep_audit.checkpoint set at = at - interval '5 years' where log = ${tenantLog}`,
      "EDITED",
    ],
    [
      "moves the time of the deployment's checkpoint",
      `update wardkeep_audit.checkpoint set at = at - interval '5 years' where log = ${ownLog} and size = (select min(size) from wardkeep_audit.checkpoint where log = ${ownLog})`,
      "EDITED",
    ],
    [
      "takes the time of a checkpoint out of the calendar",
      "update wardkeep_audit.checkpoint set at = 'infinity'",
      "EDITED",
    ],
  ])("%s is found", async (_, sql, verdict) => {
    const { verdicts, ok } = await after(sql)
    expect(ok).toBe(false)
    expect(names(verdicts)).toContain(verdict)
    expect(JSON.stringify(verdicts)).not.toContain("asha")
  })

  it("restores an older state is found by what was kept outside, and only by that", async () => {
    const anchor = (await seal()).checkpoint ?? ""
    const newest =
      "(select max(size) from wardkeep_audit.checkpoint where log = (select id from wardkeep_audit.log where tenant = ''))"
    const rollback = `with gone as (delete from wardkeep_audit.checkpoint where log = (select id from wardkeep_audit.log where tenant = '') and size = ${newest} returning log)
      delete from wardkeep_audit.leaf where log in (select log from gone) and index = (select max(index) from wardkeep_audit.leaf where log in (select log from gone))`
    expect((await after(rollback)).ok).toBe(true)
    expect(names((await after(rollback, [anchor])).verdicts)).toEqual(["ROLLED_BACK"])
  })

  it("signs with another key is found, and a stolen key cannot change what was kept outside", async () => {
    const anchor = (await seal()).checkpoint ?? ""
    await write("by a thief")
    await seal(thief.secret)
    expect(names((await clean([anchor])).verdicts)).toEqual(["KEY_UNKNOWN"])
    const both = trustedKeys([key.open, thief.open])
    const sound = await admin((client) => verifyDatabase({ client, keys: both, anchors: [anchor] }))
    expect(sound.verdicts).toEqual([])
  })

  it("shows another log under the same name than was signed before is found", async () => {
    const anchor = (await seal()).checkpoint ?? ""
    const [origin = "", size = ""] = anchor.split("\n")
    const other = checkpointNote(signerFrom(key.secret), origin, BigInt(size), Buffer.alloc(32, 1))
    const keys = trustedKeys([key.open, thief.open])
    const found = await admin((client) => verifyDatabase({ client, keys, anchors: [other] }))
    expect(names(found.verdicts)).toEqual(["SPLIT_VIEW"])
    const forged = anchor.replace(/\n\d+\n/, "\n1\n")
    expect((await admin((client) => verifyDatabase({ client, keys, anchors: [forged] }))).anchored).toBe(false)
  })

  it("switches capture off and on between two batches is found", async () => {
    await seal()
    await admin(async (client) => {
      await client.query("alter table visit disable trigger wk_audit_update")
      await client.query("alter table visit enable always trigger wk_audit_update")
    })
    await seal()
    const found = await admin((client) => verifyDatabase({ client, keys: trustedKeys([key.open, thief.open]) }))
    expect(names(found.verdicts)).toEqual(["GAP_OF_CAPTURE"])
  })
})

describe("another key", () => {
  const next = pair()
  const trusting = trustedKeys([key.open, thief.open, next.open])
  const verified = (keys = trusting, retired: string[] = []): Promise<Verification> =>
    admin((client) => verifyDatabase({ client, keys, retired }))
  const bundled = async (keys = trusting, retired: string[] = []): Promise<Verification> => {
    let text = ""
    const take = async (piece: string): Promise<void> => {
      text += piece
    }
    const asked = { deployment: clinic.policy.deployment, tenant: clinic.branches[0].clinic, reason: "request 17" }
    await owned((client) => writeBundle({ client, ...asked, subject: "nobody", write: take }))
    const bytes = async function* (): AsyncIterable<Uint8Array> {
      yield Buffer.from(text)
    }
    return await verifyBundle({ bytes: bytes(), keys, retired })
  }

  it("is no secret of the log's: who knows the last checkpoint of a retired key finds what it signed without a rotation", async () => {
    await write("before the last")
    const last = (await seal()).checkpoint ?? ""
    for (const check of [verified, bundled])
      expect(names((await check(trusting, [last])).verdicts)).not.toContain("KEY_UNKNOWN")
    await write("behind the last")
    await seal()
    for (const check of [verified, bundled]) {
      expect(names((await check()).verdicts)).not.toContain("KEY_UNKNOWN")
      expect(names((await check(trusting, [last])).verdicts)).toContain("KEY_UNKNOWN")
      await expect(check(trusting, ["x"])).rejects.toMatchObject({ code: "WK457" })
    }
  })

  it("signs from the old key's farewell on; old checkpoints keep the old key, and who knows one key only is told", async () => {
    await write("before")
    const turned = await owned((client) =>
      rotateKey({
        client,
        deployment: clinic.policy.deployment,
        from: signerFrom(key.secret),
        to: signerFrom(next.secret),
        reason: "yearly",
      }),
    )
    await write("after")
    await seal(next.secret)
    const sizes = [turned.last, turned.first].map((note) => Number(note.split("\n")[1]))
    expect(sizes[1]).toBeGreaterThan(sizes[0] ?? 0)
    // GAP_OF_CAPTURE is an earlier test's.
    for (const found of [await verified(), await bundled()])
      expect(found.verdicts.filter(({ name }) => name !== "GAP_OF_CAPTURE")).toEqual([])
    for (const [known, other] of [
      [key, next],
      [next, key],
    ] as const)
      for (const check of [verified, bundled]) {
        const found = await check(trustedKeys([known.open, thief.open]))
        expect(names(found.verdicts)).toContain("KEY_UNKNOWN")
        expect(JSON.stringify(found.verdicts)).not.toContain(other.open)
      }
  })

  it("is refused once it was retired, and found where it signs around the sealer", async () => {
    await expect(seal(key.secret)).rejects.toMatchObject({ code: "WK445" })
    const same = { deployment: clinic.policy.deployment, from: signerFrom(next.secret), to: signerFrom(next.secret) }
    await expect(owned((client) => rotateKey({ client, ...same, reason: "x" }))).rejects.toMatchObject({
      code: "WK443",
    })
    const back = { ...same, to: signerFrom(key.secret) }
    await expect(owned((client) => rotateKey({ client, ...back, reason: "x" }))).rejects.toMatchObject({
      code: "WK443",
    })
    await write("later")
    await seal(next.secret)
    const notes = await admin(async (client) => {
      const { rows } = await client.query<{ log: number; size: string; note: string }>(
        "select distinct on (log) log, size::text, note from wardkeep_audit.checkpoint c order by log, c.size desc",
      )
      return rows
    })
    for (const { log, size, note } of notes) {
      const [origin = "", , root = ""] = note.split("\n")
      const late = checkpointNote(signerFrom(key.secret), origin, BigInt(size), Buffer.from(root, "base64"))
      const change = (text: string): Promise<unknown> =>
        admin((client) =>
          client.query("update wardkeep_audit.checkpoint set note = $3 where log = $1 and size = $2", [
            log,
            size,
            text,
          ]),
        )
      await change(late)
      for (const check of [verified, bundled]) {
        const found = (await check()).verdicts.filter(({ name }) => name === "KEY_UNKNOWN")
        expect(found).toHaveLength(1)
        expect(found[0]?.message).toContain("retired before")
      }
      await change(note)
    }
    expect(names((await verified()).verdicts)).not.toContain("KEY_UNKNOWN")
  })
})

describe("the one sealer", () => {
  it("refuses a second one, and signs nothing more after another took over", async () => {
    await owned(async (client) => {
      const options = { client, deployment: clinic.policy.deployment, signer: signerFrom(thief.secret), heartbeat: 0 }
      const sealer = await openSealer(options)
      await expect(owned((second) => openSealer({ ...options, client: second }))).rejects.toMatchObject({
        code: "WK403",
      })
      await admin((other) => other.query("update wardkeep_audit.seal_state set fence = fence + 1"))
      await expect(sealer.seal()).rejects.toMatchObject({ code: "WK403" })
    })
  })

  it("refuses a database that is another incarnation, and writes go on", async () => {
    const { rows } = await admin((client) => client.query("select incarnation from wardkeep_audit.seal_state"))
    await admin((client) => client.query("update wardkeep_audit.seal_state set incarnation = 'elsewhere'"))
    await expect(seal(thief.secret)).rejects.toMatchObject({ code: "WK404" })
    await write("still recorded")
    await admin((client) =>
      client.query("update wardkeep_audit.seal_state set incarnation = $1", [rows[0].incarnation]),
    )
    expect((await seal(thief.secret)).events).toBeGreaterThan(0)
  })

  it("says nothing of a key that is none", () => {
    expect(() => signerFrom("secret text")).toThrow(expect.objectContaining({ code: "WK402" }))
    expect(() => trustedKeys(["secret text"])).toThrow(expect.objectContaining({ code: "WK402" }))
  })
})
