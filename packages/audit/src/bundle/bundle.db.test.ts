import { createHash, generateKeyPairSync } from "node:crypto"
import { asOwner, backfill } from "@wardkeep/postgres/migrate"
import fc from "fast-check"
import type pg from "pg"
import { beforeAll, describe, expect, it } from "vitest"
import { installAudited } from "#tests/fixture/audited.ts"
import { waitsFor } from "#tests/fixture/blocked.ts"
import { type Clinic, connected, withLogin } from "#tests/fixture/clinic.ts"
import { type Grant, inContext, issueBySql } from "#tests/fixture/token.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { type Erased, eraseSubject } from "../erase/erase.js"
import { timeline, touched, whoChanged } from "../read/read.js"
import { checkpointNote, signerFrom } from "../seal/note.js"
import { openSealer } from "../seal/sealer.js"
import { type BundleVerification, trustedKeys, verifyBundle, verifyDatabase } from "../verify/index.js"
import { writeBundle } from "./bundle.js"

const database = useDatabase()
const seed = Number(process.env.WARDKEEP_SEED ?? Date.now() % 2 ** 31)
const { privateKey, publicKey } = generateKeyPairSync("ed25519")
const signer = signerFrom(privateKey.export({ type: "pkcs8", format: "pem" }).toString())
const keys = trustedKeys([publicKey.export({ type: "spki", format: "pem" }).toString()])
let clinic: Clinic
let tenant = ""
let patient = ""
let neighbour = ""
let doctor: Grant

const owned = <T>(work: (client: pg.Client) => Promise<T>): Promise<T> =>
  connected(withLogin(database.ownerUrl, clinic.logins.migrator), (client) =>
    asOwner(client, clinic.policy, () => work(client)),
  )

async function seal(): Promise<string> {
  return await owned(async (client) => {
    const sealer = await openSealer({ client, deployment: clinic.policy.deployment, signer, heartbeat: 0 })
    return (await sealer.seal()).checkpoint ?? ""
  })
}

const write = (text: string, values: unknown[] = [], grant = doctor): Promise<pg.QueryResult> =>
  connected(withLogin(database.ownerUrl, clinic.logins.app), (client) =>
    inContext(client, grant, () => client.query(text, values)),
  )

async function bundle(subject?: string): Promise<string> {
  const { deployment } = clinic.policy
  let text = ""
  const take = async (piece: string): Promise<void> => {
    text += piece
  }
  const about = subject === undefined ? {} : { subject }
  const made = await owned((client) =>
    writeBundle({ client, deployment, tenant, reason: "request 17", write: take, ...about }),
  )
  expect(made.sha256).toBe(createHash("sha256").update(text).digest("hex"))
  return text
}

/** In pieces that end anywhere, as a file is read. */
async function verified(text: string, anchors: string[] = []): Promise<BundleVerification> {
  const bytes = Buffer.from(text)
  const pieces = async function* (): AsyncIterable<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 777) yield bytes.subarray(at, at + 777)
  }
  return await verifyBundle({ bytes: pieces(), keys, anchors })
}

/** The bundle with one line changed and its end made to fit again, as a forger would. */
function forged(text: string, line: (value: Record<string, unknown>, index: number) => object | undefined): string {
  const lines = text.trimEnd().split("\n").slice(0, -1)
  const changed = lines.flatMap((each, index) => {
    const value = line(JSON.parse(each), index)
    return value === undefined ? [] : [`${JSON.stringify(value)}\n`]
  })
  const body = changed.join("")
  return `${body}${JSON.stringify({ end: createHash("sha256").update(body).digest("hex") })}\n`
}

beforeAll(async () => {
  clinic = await installAudited(database.ownerUrl)
  const [first, , third] = clinic.branches
  tenant = first.clinic
  const grant = async (at: { clinic: string; branch: string }): Promise<Grant> => {
    const asked = { role: "doctor", tenant: at.clinic, branches: [at.branch], purposes: ["care"] }
    return (await issueBySql(database.ownerUrl, clinic, [asked]))[0] as Grant
  }
  doctor = await grant(first)
  const added = "insert into patient (full_name, phone) values ($1, $2) returning id"
  patient = (await write(added, ["Ravi Canary", "98-canary"])).rows[0].id
  neighbour = (await write(added, ["Mina Neighbour", "97"])).rows[0].id
  await write("update patient set phone = '99-canary' where id = $1", [patient])
  await write("update patient set phone = 'far'", [], await grant(third))
  await seal()
})

describe("a bundle", () => {
  it("verifies without the database, tells whether an anchor was compared, and opens one person only", async () => {
    const anchor = await seal()
    const whole = await bundle()
    expect(await verified(whole)).toMatchObject({ ok: true, verdicts: [], anchored: false, tenants: ["", tenant] })
    expect(await verified(whole, [anchor])).toMatchObject({ ok: true, anchored: true })
    const one = await bundle(patient)
    const result = await verified(one, [anchor])
    expect(result).toMatchObject({ ok: true, verdicts: [], anchored: true })
    expect(result.logs.at(-1)?.withheld).toBeGreaterThan(0)
    expect(one).toContain("99-canary")
    const other = clinic.branches[2].clinic
    for (const foreign of [neighbour, "Mina Neighbour", other]) expect(one).not.toContain(foreign)
    expect(whole).not.toContain(other)
  })

  it(`is refused wherever it is cut, and when it is none (seed ${seed})`, async () => {
    const text = await bundle(patient)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: text.length - 1 }), async (length) => {
        await expect(verified(text.slice(0, length))).rejects.toMatchObject({ code: "WK405" })
      }),
      { seed, numRuns: 40 },
    )
    for (const none of ["", "PK\u0003\u0004", "{}\n", "[1]\n", `${text}more`])
      await expect(verified(none)).rejects.toMatchObject({ code: "WK405" })
    await expect(verified(text.replace("99-canary", "98-canary"))).rejects.toMatchObject({ code: "WK405" })
  })

  it("whose forger made its end fit again is found by name", async () => {
    const text = await bundle()
    const lastLeaf = (value: Record<string, unknown>): boolean =>
      "event" in value && JSON.stringify(value).includes("99-canary")
    const names = async (changed: string): Promise<string[]> =>
      (await verified(changed)).verdicts.map((verdict) => verdict.name)
    const edited = forged(text, (value) =>
      lastLeaf(value) ? JSON.parse(JSON.stringify(value).replace("99-canary", "11-canary")) : value,
    )
    expect(await names(edited)).toContain("EDITED")
    expect(await names(forged(text, (value) => (lastLeaf(value) ? undefined : value)))).toContain("TRUNCATED")
    const unsigned = forged(text, (value) => ("checkpoint" in value ? undefined : value))
    expect(await names(unsigned)).toContain("INSERTED")
    const stranger = signerFrom(
      generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    )
    const resigned = forged(text, (value) => {
      if (typeof value.checkpoint !== "string") return value
      const [origin = "", size = "0", root = ""] = value.checkpoint.split("\n")
      return { checkpoint: checkpointNote(stranger, origin, BigInt(size), Buffer.from(root, "base64")) }
    })
    expect(new Set(await names(resigned))).toEqual(new Set(["KEY_UNKNOWN"]))
  })

  it("from which the newest leaves of the tenant were taken is found by the deployment's log", async () => {
    await write("update patient set phone = '96' where id = $1", [neighbour])
    const older = await bundle()
    await seal()
    const newer = await bundle()
    const split = (text: string): [string[], string[]] => {
      const lines = text.trimEnd().split("\n").slice(0, -1)
      const at = lines.findIndex((line) => line.includes(`"tenant":"${tenant}","seed"`))
      return [lines.slice(0, at), lines.slice(at)]
    }
    const body = `${[...split(newer)[0], ...split(older)[1]].join("\n")}\n`
    const spliced = `${body}${JSON.stringify({ end: createHash("sha256").update(body).digest("hex") })}\n`
    expect((await verified(spliced)).verdicts.map((verdict) => verdict.name)).toEqual(["ROLLED_BACK"])
    // Nor does it help to show the hash alone of what tells so, and to leave out the checkpoints under which it was signed.
    const notes = split(newer)[0].flatMap((line): string[] => JSON.parse(line).checkpoint ?? [])
    const [before = "", anchor = ""] = notes.slice(-2)
    const isOf = (kinds: readonly number[], entry: unknown): boolean =>
      typeof entry === "string" && kinds.includes(Buffer.from(entry, "base64")[1] ?? 0)
    for (const kinds of [[3], [2, 3]])
      for (const left of [[], [before], notes.slice(0, -1)]) {
        const quiet = forged(spliced, (value) => {
          const { entry, ...hash } = value
          if (left.includes(String(value.checkpoint))) return undefined
          return Number(value.leaf) >= Number(before.split("\n")[1]) && isOf(kinds, entry) ? hash : value
        })
        const found = await verified(quiet, [anchor])
        expect(found.verdicts.map(({ name }) => name)).toEqual(["DELETED"])
      }
    // Nor to give a seed under which the deployment's log knows nothing of this log, of which any part may be left then.
    const unknown = { tenant, seed: Buffer.alloc(32).toString("base64") }
    const reseeded = forged(spliced, (value) => (value.tenant === tenant ? unknown : value))
    const nothing = forged(spliced, (value) => {
      if (value.tenant === tenant) return unknown
      return "event" in value || String(value.checkpoint).includes(`/${tenant}\n`) ? undefined : value
    })
    for (const text of [reseeded, nothing])
      expect((await verified(text, [anchor])).verdicts.map(({ name }) => name)).toEqual(["SPLIT_VIEW"])
  })

  it("of another deployment, or of a version that is not known, is told apart from a forged one", async () => {
    const text = await bundle()
    const [, , root = ""] = (await seal()).split("\n")
    const other = checkpointNote(
      signer,
      "wardkeep/other/00000000-0000-0000-0000-000000000000",
      3n,
      Buffer.from(root, "base64"),
    )
    await expect(verified(text, [other])).rejects.toMatchObject({ code: "WK406" })
    const header = forged(text, (value, index) => (index === 0 ? { ...value, version: 2 } : value))
    await expect(verified(header)).rejects.toMatchObject({ code: "WK407" })
    const event = forged(text, (value) =>
      "event" in value ? { ...value, event: { ...(value.event as object), version: 2 } } : value,
    )
    await expect(verified(event)).rejects.toMatchObject({ code: "WK407" })
    const damaged = forged(text, (value) => ("event" in value ? { ...value, event: { version: 1 } } : value))
    await expect(verified(damaged)).rejects.toMatchObject({ code: "WK405" })
  })
})

describe("reading the log", () => {
  const why = { reason: "complaint 4" }

  it("answers who changed what, and whom an actor touched, with what the answer rests on", async () => {
    const about = await owned((client) => timeline({ client, tenant, subject: patient, ...why }))
    const written = about.rows.filter((event) => event.relation === "public.patient")
    expect(written.map((event) => [event.verb, event.actor])).toEqual([
      ["update", "asha"],
      ["create", "asha"],
    ])
    expect(written[0]?.detail).toEqual({ phone: ["98-canary", "99-canary"] })
    expect(about.coverage).toMatchObject({ views: 0, undetermined: 0, off: [], tables: expect.any(Number) })
    const record = { relation: "public.patient", record: patient }
    const changed = await owned((client) => whoChanged({ client, tenant, ...record, ...why, limit: 1 }))
    expect(changed).toMatchObject({ more: true, rows: [{ verb: "update" }] })
    const by = await owned((client) => touched({ client, tenant, actor: "asha", subject: patient, ...why }))
    expect(by.rows).toMatchObject([{ subject: patient, events: 2, verbs: ["create", "update"] }])
    const elsewhere = await owned((client) =>
      touched({ client, tenant: clinic.branches[2].clinic, actor: "asha", subject: patient, ...why }),
    )
    expect(elsewhere.rows).toEqual([])
  })

  it("is an event of the same log, and nothing is read without a reason", async () => {
    await owned((client) => timeline({ client, tenant, actor: "asha", reason: "complaint 5" }))
    const { rows } = await owned((client) =>
      client.query(
        "select actor, verb, purpose, detail::json from wardkeep_audit.event where relation = 'wardkeep_audit.event' and tenant = $1 order by id desc limit 1",
        [tenant],
      ),
    )
    expect(rows).toMatchObject([
      {
        actor: `audit:${clinic.logins.migrator.user}`,
        verb: "view",
        purpose: "audit",
        detail: { reason: "complaint 5", of: "asha" },
      },
    ])
    const empty = owned((client) => timeline({ client, tenant, actor: "asha", reason: " " }))
    await expect(empty).rejects.toMatchObject({ code: "WK009" })
    await expect(owned((client) => timeline({ client, tenant, ...why }))).rejects.toMatchObject({ code: "WK009" })
  })
})

describe("the erasure of a person", () => {
  it("waits for the sealer, leaves no value and no seed behind, and every old proof verifies", async () => {
    const erase = (reason = "request 18"): Promise<Erased> =>
      owned((client) => eraseSubject({ client, tenant, subject: patient, reason }))
    await write("update patient set phone = '97-canary' where id = $1", [patient])
    await expect(erase()).rejects.toMatchObject({ code: "WK409" })
    const anchor = await seal()
    const before = await bundle(patient)
    await seal()
    await expect(erase(" ")).rejects.toMatchObject({ code: "WK409" })
    const { events } = await erase()
    expect(events).toBeGreaterThan(3)
    expect(await erase()).toEqual({ events: 0, untold: 0 })
    const left = await owned((client) =>
      client.query("select e::text as row from wardkeep_audit.event e where tenant = $1", [tenant]),
    )
    for (const text of [patient, "Ravi", "canary"]) expect(JSON.stringify(left.rows)).not.toContain(text)
    const seeds = await owned((client) =>
      client.query(
        "select from wardkeep_audit.leaf l join wardkeep_audit.erased x using (log, index) where l.seed is not null",
      ),
    )
    expect(seeds.rowCount).toBe(0)
    await seal()
    const now = await connected(database.adminUrl, (client) => verifyDatabase({ client, keys, anchors: [anchor] }))
    expect(now).toMatchObject({ ok: true, verdicts: [], anchored: true })
    expect(now.logs.reduce((sum, log) => sum + log.erased, 0)).toBe(events)
    expect(await verified(before, [anchor])).toMatchObject({ ok: true, anchored: true })
    expect(await verified(await bundle(), [anchor])).toMatchObject({ ok: true, verdicts: [] })
  })

  it("takes out what belongs to the person's rows too, and says of how many events nobody can tell", async () => {
    const visit = (await write("insert into visit (patient_id, reason) values ($1, 'x') returning id", [neighbour]))
      .rows[0].id
    const [{ clinic: tenancy, branch }] = clinic.branches
    const note = "insert into note (clinic_id, branch_id, visit_id, body) values ($1, $2, $3, $4) returning id"
    const id = (await write(note, [tenancy, branch, visit, "canary of a note"])).rows[0].id
    await write("update note set body = 'second canary' where id = $1", [id])
    // One that was there before the log began: its creation is not in it.
    const old = (await write(note, [tenancy, branch, visit, "older"])).rows[0].id
    await connected(database.adminUrl, (client) =>
      client.query("delete from wardkeep_audit.event where record = $1", [old]),
    )
    await write("update note set body = 'newer' where id = $1", [old])
    await seal()
    const erased = await owned((client) => eraseSubject({ client, tenant, subject: neighbour, reason: "request 20" }))
    expect(erased.untold).toBe(1)
    const left = await owned((client) =>
      client.query(
        "select coalesce(string_agg(e::text, ' '), '') as log from wardkeep_audit.event e where tenant = $1",
        [tenant],
      ),
    )
    for (const text of [id, visit, "canary of a note", "second canary", neighbour])
      expect(left.rows[0].log).not.toContain(text)
    expect(left.rows[0].log).toContain("newer")
    await seal()
    expect(await connected(database.adminUrl, (client) => verifyDatabase({ client, keys }))).toMatchObject({ ok: true })
  })

  it.each([
    { first: "Ann", left: [1, 2], stays: "later of Bela" },
    { first: "Bela", left: [2, 2], stays: "still of Ann" },
  ])(
    "of $first leaves to the other what a row that was filed from one to the other says of that one",
    async (erased) => {
      const [{ clinic: tenancy, branch }] = clinic.branches
      const one = async (text: string, values: unknown[]): Promise<string> => (await write(text, values)).rows[0].id
      const [ann, bela] = await Promise.all(
        ["Ann", "Bela"].map((name) => one("insert into patient (full_name) values ($1) returning id", [name])),
      )
      const visit = (of = ""): Promise<string> =>
        one("insert into visit (patient_id, reason) values ($1, 'x') returning id", [of])
      const [anns, belas, moved] = [await visit(ann), await visit(bela), await visit(ann)]
      const note = (of: string): Promise<string> =>
        one("insert into note (clinic_id, branch_id, visit_id, body) values ($1, $2, $3, 'of Ann') returning id", [
          tenancy,
          branch,
          of,
        ])
      const says = (id: string, body: string): Promise<unknown> =>
        write("update note set body = $2 where id = $1", [id, body])
      // One is refiled itself; of the other, the visit is.
      const [refiled, along] = [await note(anns), await note(moved)]
      for (const id of [refiled, along]) await says(id, "still of Ann")
      await write("update note set visit_id = $2, body = 'of Bela' where id = $1", [refiled, belas])
      // No role may say that a visit is somebody else's; who mends the data may.
      const { policy } = clinic
      await connected(withLogin(database.ownerUrl, clinic.logins.migrator), (client) =>
        backfill({ client, policy, reason: "filed to the wrong person", tenants: [tenant] }, (q) =>
          q.query("update visit set patient_id = $2 where id = $1", [moved, bela]),
        ),
      )
      await says(along, "of Bela")
      for (const id of [refiled, along]) await says(id, "later of Bela")
      await seal()
      expect(await bundle(bela)).not.toContain(ann)
      await seal()
      const erase = (subject = ""): Promise<Erased> =>
        owned((client) => eraseSubject({ client, tenant, subject, reason: "request 22" }))
      const left = async (): Promise<Record<string, number>> => {
        const { rows } = await owned((client) =>
          client.query<{ record: string; n: number }>(
            `select record, count(*)::int as n from wardkeep_audit.event where record = any ($1) and relation like '%note' group by 1`,
            [[refiled, along]],
          ),
        )
        return Object.fromEntries(rows.map(({ record, n }) => [record, n]))
      }
      expect(await left()).toEqual({ [refiled]: 4, [along]: 4 })
      const everything = `select concat((select string_agg(e::text, ' ') from wardkeep_audit.event e),
        (select string_agg(f::text, ' ') from wardkeep_audit.refiled f)) as log`
      const log = async (): Promise<string> => (await owned((client) => client.query(everything))).rows[0].log
      const [first, second, own] = erased.first === "Ann" ? [ann, bela, anns] : [bela, ann, belas]
      await erase(first)
      // The event that refiled it tells of both, and goes with the first.
      expect(await left()).toEqual({ [refiled]: erased.left[0], [along]: erased.left[1] })
      const now = await log()
      expect(now).toContain(erased.stays)
      for (const text of [first, own, `of ${erased.first}""]`]) expect(now).not.toContain(text)
      await seal()
      await erase(second)
      expect(await left()).toEqual({})
      const end = await log()
      for (const text of ["of Ann", "of Bela", anns, belas, moved, ann, bela]) expect(end).not.toContain(text)
      const kept = await owned((client) => client.query("select from wardkeep_audit.refiled"))
      expect(kept.rowCount).toBe(0)
      await seal()
      expect(await connected(database.adminUrl, (client) => verifyDatabase({ client, keys }))).toMatchObject({
        ok: true,
      })
    },
  )

  it("takes out what is of the person's branch alone, where branches number their rows each for itself", async () => {
    const told = `with b as (select child, by_column, parent from wardkeep_audit.belonging() limit 1)
      insert into wardkeep_audit.event (tenant, branch, actor, role, purpose, verb, relation, record, subject, detail)
      select 'numbered', v.branch, 'asha', 'doctor', 'care', 'create', case when v.is_child then b.child else b.parent end, '5',
             case when not v.is_child then v.subject end, case when v.is_child then json_build_object(b.by_column, json_build_array(null, '5'))::text end
        from b, (values ('north', false, 'ann'), ('south', false, 'bela'), ('north', true, ''), ('south', true, '')) v (branch, is_child, subject)`
    await connected(database.adminUrl, (client) => client.query(told))
    await seal()
    const erased = await owned((client) =>
      eraseSubject({ client, tenant: "numbered", subject: "ann", reason: "request 21" }),
    )
    expect(erased).toEqual({ events: 2, untold: 0 })
    const left = await owned((client) =>
      client.query("select distinct branch from wardkeep_audit.event where tenant = 'numbered' and record = '5'"),
    )
    expect(left.rows).toEqual([{ branch: "south" }])
  })

  it.each([
    { of: "left-first", left: 3, came: 4 },
    { of: "came-first", left: 4, came: 3 },
  ])(
    "takes what a row says since it was the person's, whichever was written first ($of)",
    async ({ of, left, came }) => {
      const told = `with b as (select * from wardkeep_audit.belonging() where parent_subject is not null limit 1)
      insert into wardkeep_audit.event (tenant, actor, role, purpose, verb, relation, record, subject, detail)
      select '${of}', 'asha', 'owner', 'care', v.verb, case when v.record = 'child' then b.child else b.parent end, v.record, v.subject,
             json_build_object(case when v.record = 'child' then b.by_column else b.parent_subject end, v.told::json)::text
        from b, (values (1, 'create', 'row', 'ann', '[null,"ann"]'), (2, 'create', 'child', null, '[null,"row"]'),
          (${left}, 'update', 'row', 'ann', '["ann",null]'), (${came}, 'update', 'row', 'bela', '[null,"bela"]'),
          (5, 'update', 'child', null, '"redacted"')) v (n, verb, record, subject, told) order by v.n`
      await connected(database.adminUrl, (client) => client.query(told))
      await seal()
      const erase = (subject: string): Promise<Erased> =>
        owned((client) => eraseSubject({ client, tenant: of, subject, reason: "request 23" }))
      expect(await erase("bela")).toEqual({ events: 2, untold: 0 })
      expect(await erase("ann")).toEqual({ events: 3, untold: 0 })
    },
  )

  it("does not stop a sealer that it waits for, and leaves what commits behind it whole", async () => {
    const erase = () => owned((client) => eraseSubject({ client, tenant, subject: neighbour, reason: "request 19" }))
    const change = (phone: string) => write("update patient set phone = $2 where id = $1", [neighbour, phone])
    await change("95")
    await connected(database.adminUrl, async (sealer) => {
      await sealer.query("begin")
      await sealer.query("lock table wardkeep_audit.leaf in row exclusive mode")
      await expect(waitsFor(database.adminUrl, sealer, erase())).rejects.toMatchObject({ code: "WK409" })
      await sealer.query("rollback")
    })
    await seal()
    // Held where it has asked what is sealed, and erased nothing yet.
    await connected(database.adminUrl, async (holder) => {
      await holder.query("begin")
      await holder.query("lock table wardkeep_audit.erased in share mode")
      const erasing = erase()
      expect(await waitsFor(database.adminUrl, holder, erasing)).toBe("waits")
      await change("94")
      await holder.query("rollback")
      expect((await erasing).events).toBeGreaterThan(0)
    })
    const { rows } = await owned((client) =>
      client.query<{ verb: string }>("select verb from wardkeep_audit.event where tenant = $1 and subject = $2", [
        tenant,
        neighbour,
      ]),
    )
    expect(rows).toEqual([{ verb: "update" }])
    await expect(erase()).rejects.toMatchObject({ code: "WK409" })
    await seal()
    expect(await connected(database.adminUrl, (client) => verifyDatabase({ client, keys }))).toMatchObject({ ok: true })
  })

  it("is no way to put somebody else in the person's place", async () => {
    await connected(database.adminUrl, (client) =>
      client.query(
        "update wardkeep_audit.event e set subject = $1 from wardkeep_audit.erased x join wardkeep_audit.leaf l using (log, index) where e.id = l.event",
        [neighbour],
      ),
    )
    const { verdicts } = await connected(database.adminUrl, (client) => verifyDatabase({ client, keys }))
    expect(verdicts.map((verdict) => verdict.name)).toContain("EDITED")
  })
})
