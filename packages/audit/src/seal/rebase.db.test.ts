import { spawnSync } from "node:child_process"
import { generateKeyPairSync } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { asOwner, type Queryable } from "@wardkeep/postgres/migrate"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { installAudited } from "#tests/fixture/audited.ts"
import { type Clinic, connected, withLogin } from "#tests/fixture/clinic.ts"
import { enterBySql, type Grant, inContext, issueBySql } from "#tests/fixture/token.ts"
import type { TestDatabase } from "#tests/harness/src/database.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { writeBundle } from "../bundle/bundle.js"
import { accessReport } from "../read/access-report.js"
import { blastRadius } from "../read/blast-radius.js"
import { readCoverage } from "../read/coverage.js"
import { touched, whoSaw } from "../read/read.js"
import { tileFolder } from "../tiles/folder.js"
import { type EventProof, proveEvent } from "../tiles/proof.js"
import { type Tiles, writeTiles } from "../tiles/write.js"
import {
  trustedKeys,
  type Verification,
  verifyBundle,
  verifyDatabase,
  verifyProof,
  verifyTiles,
} from "../verify/index.js"
import { checkpointNote, type Signer, signedNote, signerFrom } from "./note.js"
import { leavePlace, takePlace } from "./place.js"
import { findIncarnation, type Rebased, type RebaseOptions, rebase } from "./rebase.js"
import { rotateKey } from "./rotate.js"
import { openSealer } from "./sealer.js"

const database = useDatabase()
const made = (): { signer: Signer; open: string } => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519")
  return {
    signer: signerFrom(privateKey.export({ type: "pkcs8", format: "pem" }).toString()),
    open: publicKey.export({ type: "spki", format: "pem" }).toString(),
  }
}
const [key, thief, later] = [made(), made(), made()]
const trusting = trustedKeys([key.open, later.open])
let clinic: Clinic
let doctor: Grant
/** As the database was when the backup was made; each test restores it once. */
const restored: TestDatabase[] = []
let backup = ""
/** The newest checkpoint in the backup, what was signed after it, and a bundle of then. */
let kept = ""
let between = ""
let ahead = ""
let bundle = ""
const folder = mkdtempSync(join(tmpdir(), "wardkeep-rebased-"))

const sizeOf = (note: string): number => Number(note.split("\n")[1])
const names = ({ verdicts }: Verification): string[] => [...new Set(verdicts.map(({ name }) => name))].sort()
const asked = () => ({ deployment: clinic.policy.deployment, signer: key.signer })
const admin = <T = pg.QueryResult>(url: string, text: string, values: unknown[] = []): Promise<T> =>
  connected(url, (client) => client.query(text, values) as Promise<T>)
const owned = <T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> =>
  connected(withLogin(url, clinic.logins.migrator), (client) => asOwner(client, clinic.policy, () => work(client)))
const write = (url: string, phone: string): Promise<unknown> =>
  connected(withLogin(url, clinic.logins.app), (client) =>
    inContext(client, doctor, () => client.query("update patient set phone = $1", [phone])),
  )
const sealAt = (url: string, signer = key.signer): Promise<string> =>
  owned(url, async (client) => {
    const sealer = await openSealer({ client, ...asked(), signer, heartbeat: 0 })
    const { checkpoint } = await sealer.seal()
    await sealer.close()
    return checkpoint ?? ""
  })
const rebaseAt = (url: string, over: Partial<RebaseOptions> = {}): Promise<Rebased> =>
  owned(url, (client) => rebase({ client, ...asked(), reason: "disk failure", ...over }))
const verified = (url: string, anchors: string[] = [], lost: string[] = []): Promise<Verification> =>
  connected(url, (client) => verifyDatabase({ client, keys: trusting, anchors, lost }))

async function restore(from = backup): Promise<string> {
  const again = await database.cluster.database(undefined, { template: from })
  restored.push(again)
  return again.adminUrl
}

async function bundled(url: string): Promise<string> {
  let text = ""
  const take = async (piece: string): Promise<void> => {
    text += piece
  }
  const { deployment } = clinic.policy
  const of = { deployment, tenant: clinic.branches[0].clinic, reason: "request 17", write: take }
  await owned(url, (client) => writeBundle({ client, ...of }))
  return text
}

async function read(text: string, anchors: string[] = [], lost: string[] = []): Promise<Verification> {
  const bytes = async function* (): AsyncIterable<Uint8Array> {
    yield Buffer.from(text)
  }
  return await verifyBundle({ bytes: bytes(), keys: trusting, anchors, lost })
}

function second(text: string): { named: boolean; rebased: number; roots: boolean; signatures: string[] }[] {
  const script = fileURLToPath(new URL("../verify/second-bundle.py", import.meta.url))
  const run = spawnSync("python3", [script, key.open, later.open], {
    input: text,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  })
  expect(run.stderr).toBe("")
  return JSON.parse(run.stdout)
}

const facts = async (url: string): Promise<object> =>
  (
    await admin(
      url,
      `select (select count(*)::int from wardkeep_audit.event) as events, (select count(*)::int from wardkeep_audit.leaf) as leaves,
         (select count(distinct event)::int from wardkeep_audit.leaf) as sealed, s.deployment, s.batch, s.incarnation from wardkeep_audit.seal_state s`,
    )
  ).rows[0]

/** What an owner without the key can have sealed: an act whose note somebody else signed. */
const forge = (url: string, note: string): Promise<unknown> =>
  owned(url, (client) => client.query("select wardkeep_audit.begin_incarnation($1, 'x')", [note]))

beforeAll(async () => {
  clinic = await installAudited(database.ownerUrl)
  const [first] = clinic.branches
  const grants = await issueBySql(database.ownerUrl, clinic, [
    { role: "doctor", tenant: first.clinic, branches: [first.branch], purposes: ["care"] },
  ])
  doctor = grants[0] as Grant
  const here = database.adminUrl
  for (const phone of ["1", "2"]) {
    await write(here, phone)
    kept = await sealAt(here)
  }
  bundle = await bundled(here)
  await write(here, "not sealed when the backup was made")
  backup = database.databaseName
  const copy = await database.cluster.database(undefined, { template: backup })
  restored.push(copy)
  backup = copy.name
  between = await sealAt(here)
  await write(here, "after the backup")
  ahead = await sealAt(here)
})

afterAll(async () => {
  for (const each of restored.reverse()) await each.drop()
  rmSync(folder, { recursive: true })
})

describe("a restored database", () => {
  it("goes on under another name, with every event once, and says what was lost for ever", async () => {
    const url = await restore()
    await write(url, "between restore and rebase")
    await expect(sealAt(url)).rejects.toMatchObject({ code: "WK404" })
    const waiting = await verified(url, [kept])
    expect(names(waiting)).toEqual(["UNSEALED"])
    expect(waiting.verdicts[0]?.message).toContain("is to be rebased")
    const open = new pg.Client({ connectionString: withLogin(url, clinic.logins.app) })
    await open.connect()
    await open.query("begin")
    await enterBySql(open, doctor)
    await open.query("update patient set phone = 'open meanwhile'")
    const found = await owned(url, (client) => findIncarnation({ client, ...asked(), anchor: ahead }))
    expect(found).toMatchObject({ kept: sizeOf(kept), outside: sizeOf(ahead), unsealed: waiting.verdicts[0]?.count })
    expect(found.lost).toBe(sizeOf(ahead) - sizeOf(kept))
    const done = await rebaseAt(url, { anchor: ahead })
    expect(done).toMatchObject({ ...found, events: found.unsealed + 1 })
    expect(done.next).not.toBe(done.log)
    await open.query("commit")
    await open.end()
    await write(url, "later")
    const newest = await sealAt(url)
    expect(newest.split("\n")[0]).toBe(done.next)
    const { events, sealed } = (await facts(url)) as { events: number; sealed: number }
    expect(sealed).toBe(events)

    const tenants = [clinic.branches[0].clinic, clinic.branches[2].clinic]
    const rested = await Promise.all(tenants.map((tenant) => owned(url, (client) => readCoverage(client, tenant))))
    const [here, elsewhere] = rested.map(({ rebased }) => rebased)
    // One log of two clinics: what is lost is said to both, what was adopted to whose it is.
    expect(here).toEqual([
      { at: expect.any(String), since: expect.any(String), lost: found.lost, adopted: found.unsealed },
    ])
    expect(elsewhere).toEqual([{ ...here?.[0], adopted: 0 }])
    expect(Date.parse(here?.[0]?.since ?? "")).toBeLessThan(Date.parse(here?.[0]?.at ?? ""))

    const alone = await verified(url)
    expect(alone).toMatchObject({ ok: true, verdicts: [{ name: "REBASED", count: found.lost }] })
    expect(alone.verdicts[0]?.message).toContain(`${found.lost} are lost`)
    for (const anchors of [[kept], [kept, done.checkpoint, newest]])
      expect(await verified(url, anchors)).toMatchObject({ ok: true, anchored: true })
    const told = await verified(url, [newest, ahead])
    expect(told.ok).toBe(false)
    expect(names(told)).toEqual(["REBASED", "ROLLED_BACK"])
    expect(await verified(url, [newest], [ahead])).toMatchObject({ ok: true, anchored: true })
    expect(await verified(url, [], [ahead])).toMatchObject({ ok: true, anchored: false })
    expect(await verified(url, [kept], [ahead])).toMatchObject({ ok: true, anchored: true })
    // An accepted one covers those before it, as an object store keeps them, and none after it.
    expect(await verified(url, [between], [ahead])).toMatchObject({ ok: true, anchored: false })
    expect(names(await verified(url, [ahead], [between]))).toEqual(["REBASED", "ROLLED_BACK"])

    expect(await read(bundle, [kept])).toMatchObject({ ok: true, anchored: true, verdicts: [] })
    const text = await bundled(url)
    expect(names(await read(text, [kept, newest]))).toEqual(["REBASED"])
    expect(names(await read(text, [ahead]))).toEqual(["REBASED", "ROLLED_BACK"])
    expect(await read(text, [newest], [ahead])).toMatchObject({ ok: true, anchored: true })
    const opinion = second(text)
    expect(opinion).toMatchObject([
      { named: true, rebased: 1, roots: true },
      { named: true, rebased: 0, roots: true },
    ])
    expect(new Set(opinion.flatMap(({ signatures }) => signatures))).toEqual(new Set(["valid"]))
    const other = `${kept.split("\n")[0]?.slice(0, -3)}fff`
    const foreign = checkpointNote(key.signer, other, 1n, Buffer.alloc(32))
    await expect(read(text, [foreign])).rejects.toMatchObject({ code: "WK406" })
  })

  it("is not half rebased where the server ends it, and not by two at once", async () => {
    const url = await restore()
    const before = await facts(url)
    await owned(url, async (client) => {
      const { rows } = await client.query("select pg_backend_pid() as pid")
      const query = async (text: string, values?: unknown[]): Promise<unknown> => {
        const result = await client.query(text, values)
        if (text.startsWith("update wardkeep_audit.seal_state set batch"))
          await admin(url, "select pg_terminate_backend($1)", [rows[0].pid])
        return result
      }
      client.on("error", () => undefined)
      await expect(
        rebase({ client: { query } as unknown as Queryable, ...asked(), reason: "disk failure" }),
      ).rejects.toThrow()
    }).catch(() => undefined)
    expect(await facts(url)).toEqual(before)
    await owned(url, async (client) => {
      const place = await takePlace(client)
      await expect(rebaseAt(url)).rejects.toMatchObject({ code: "WK403" })
      await leavePlace(client, place)
    })
    expect(await facts(url)).toEqual(before)
    await rebaseAt(url)
    const { verdicts } = await verified(url)
    expect(verdicts).toMatchObject([{ name: "REBASED", count: 0 }])
    expect(verdicts[0]?.message).toContain("nobody looked outside")
    // Nobody declared what was lost, so nobody can accept it.
    expect(names(await verified(url, [], [ahead]))).toEqual(["REBASED", "ROLLED_BACK"])
    const of = { tenant: clinic.branches[0].clinic, reason: "complaint 4" }
    const subject = "00000000-0000-0000-0000-000000000000"
    const answers = await owned(url, async (client) => [
      await whoSaw({ client, ...of, subject }),
      await touched({ client, ...of, actor: "asha", subject }),
      await blastRadius({ client, ...of, actor: "asha" }),
    ])
    for (const { coverage } of answers) expect(coverage.rebased).toMatchObject([{ lost: null }])
    const report = await owned(url, (client) => accessReport({ client, ...of, subject, requestedBy: "subject" }))
    expect(report.gaps.join(" ")).toMatch(/kept in another database.* may be missing/)
  })

  it("is refused without a reason, and with an anchor of another log, key or history", async () => {
    const url = await restore()
    const before = await facts(url)
    const [origin = "", size = ""] = kept.split("\n")
    const note = (signer: Signer, of: string): string => checkpointNote(signer, of, BigInt(size), Buffer.alloc(32, 7))
    for (const over of [
      { reason: " " },
      { reason: `for ${clinic.branches[0].clinic}` },
      { anchor: note(key.signer, `${origin}/other`) },
      { anchor: note(thief.signer, origin) },
      { anchor: note(key.signer, origin) },
    ])
      await expect(rebaseAt(url, over)).rejects.toMatchObject({ code: "WK446" })
    await expect(rebaseAt(url, { anchor: "x" })).rejects.toMatchObject({ code: "WK009" })
    expect(await facts(url)).toEqual(before)
    // What the key would sign: a text of the database's, which has to stay one line of the note.
    for (const known of ["1/1/1\n1/1/1", "", null]) {
      await admin(url, "update wardkeep_audit.seal_state set incarnation = $1", [known])
      await expect(rebaseAt(url)).rejects.toMatchObject({ code: "WK446" })
    }
  })
})

describe("tiles and proofs after it", () => {
  it("go on in folders of their own: a log that has not grown under the old name, the others under the new one", async () => {
    const once = await restore()
    const first = await rebaseAt(once, { anchor: ahead })
    const tenant = clinic.branches[0].clinic
    const tiles = (url: string, of: string, into: string): Promise<Tiles> =>
      owned(url, (client) =>
        writeTiles({ client, ...asked(), tenant: of, store: tileFolder(join(folder, into), into) }),
      )
    const checked = (name: string, anchors: string[]): Promise<Verification> =>
      verifyTiles({ read: tileFolder(join(folder, name), name).read, keys: trusting, anchors })
    await tiles(once, "", "deployment")
    await tiles(once, tenant, "clinic")
    const url = await restore(new URL(once).pathname.slice(1))
    const second = await rebaseAt(url, { anchor: first.checkpoint })
    const anchors = [first.checkpoint, second.checkpoint]
    await expect(tiles(url, "", "deployment")).rejects.toMatchObject({ code: "WK454" })
    expect(await tiles(url, "", "next")).toMatchObject({ origin: second.next, withheld: 0 })
    // Of the act only its hash can be shown in tiles, so nothing is said of the names before; a bundle says it.
    for (const kept of [[second.checkpoint], anchors])
      expect(await checked("next", kept)).toMatchObject({ ok: true, anchored: true, verdicts: [] })
    await expect(checked("next", [first.checkpoint])).rejects.toMatchObject({ code: "WK406" })
    const name = `${first.next}/${tenant}`
    expect(await tiles(url, tenant, "clinic")).toMatchObject({ origin: name, added: 0 })
    expect(await tiles(url, tenant, "clinic-anew")).toMatchObject({ origin: name })
    expect(await checked("clinic-anew", [])).toMatchObject({ ok: true, verdicts: [] })

    const { rows } = await admin(
      url,
      "select max(e.id)::text as id from wardkeep_audit.event e join wardkeep_audit.leaf l on l.event = e.id where e.tenant = $1",
      [tenant],
    )
    const proved = (event: string, under?: string): Promise<EventProof> =>
      owned(url, (client) =>
        proveEvent({ client, event, reason: "complaint 4", ...(under !== undefined && { under }) }),
      )
    const { text, origin } = await proved(rows[0].id)
    expect(origin).toBe(name)
    for (const kept of [[second.checkpoint], anchors])
      expect(verifyProof({ text, keys: trusting, anchors: kept })).toMatchObject({
        ok: true,
        anchored: true,
        log: name,
      })
    expect(() => verifyProof({ text, keys: trusting, anchors: [first.checkpoint] })).toThrow(
      expect.objectContaining({ code: "WK406" }),
    )
    const old = await proved(rows[0].id, first.checkpoint)
    expect(verifyProof({ text: old.text, keys: trusting, anchors })).toMatchObject({ ok: true, anchored: true })
    // The old name is believed for its head in the new log's tree, not for itself.
    const [, size = "", root = ""] = text.slice(text.indexOf("\n\n") + 2).split("\n")
    const elsewhere = `${first.next.replace(/[^/]+\/[^/]+$/, "other/1")}/${tenant}`
    const foreign = checkpointNote(key.signer, elsewhere, BigInt(size), Buffer.from(root, "base64"))
    const moved = text.slice(0, text.indexOf("\n\n") + 2) + foreign
    expect(names(verifyProof({ text: moved, keys: trusting }))).toEqual(["SPLIT_VIEW"])

    await write(url, "grown")
    await sealAt(url)
    await expect(tiles(url, tenant, "clinic")).rejects.toMatchObject({ code: "WK454" })
    expect(await tiles(url, tenant, "clinic-next")).toMatchObject({ origin: `${second.next}/${tenant}` })
  })
})

describe("whoever restores a backup to be rid of the log's end", () => {
  /** Rebased with what was lost declared: the state that an attack begins with. */
  async function goneOn(): Promise<string> {
    const url = await restore()
    await rebaseAt(url, { anchor: ahead })
    return url
  }

  it("with the database alone: the sealer's name and an act that the key did not sign are told", async () => {
    const url = await goneOn()
    const [origin = "", size = "", root = ""] = kept.split("\n")
    const now = (await admin(url, "select wardkeep_audit.incarnation() as now")).rows[0].now
    const body = `${origin}\nincarnation ${origin}x\n${now}\n${now}\n${size} ${root}\n-\n`
    await forge(url, signedNote(thief.signer, origin, body))
    const after = await sealAt(url)
    const found = await verified(url, [after])
    expect(found.ok).toBe(false)
    expect(names(found)).toEqual(["KEY_UNKNOWN", "REBASED"])
    expect(found.verdicts.find(({ name }) => name === "KEY_UNKNOWN")?.message).toContain("no trusted key signed that")
    expect(names(await read(await bundled(url), [after]))).toEqual(["KEY_UNKNOWN", "REBASED"])
  })

  it("with a key that was retired: its act counts for nothing", async () => {
    const url = await goneOn()
    await owned(url, (client) =>
      rotateKey({ client, ...asked(), from: key.signer, to: later.signer, reason: "yearly" }),
    )
    const last = await sealAt(url, later.signer)
    const [origin = "", size = "", root = ""] = last.split("\n")
    const now = (await admin(url, "select wardkeep_audit.incarnation() as now")).rows[0].now
    await forge(
      url,
      signedNote(key.signer, origin, `${origin}\nincarnation ${origin}x\n${now}\n${now}\n${size} ${root}\n-\n`),
    )
    await sealAt(url, later.signer)
    const found = await verified(url)
    expect(names(found)).toEqual(["KEY_UNKNOWN", "REBASED"])
    expect(found.verdicts.find(({ name }) => name === "KEY_UNKNOWN")?.message).toContain("retired before")
    await expect(rebaseAt(url)).rejects.toMatchObject({ code: "WK445" })
  })

  it("with the key too: the old anchors tell for ever, the log says it itself, and an accepted loss hides no second one", async () => {
    const url = await restore()
    const { checkpoint: first, next } = await rebaseAt(url, { anchor: ahead })
    const older = await restore(new URL(url).pathname.slice(1))
    await write(url, "the crime")
    const crime = await sealAt(url)
    // Nothing inside tells that more was there, and what was accepted as lost is of another name.
    expect(names(await verified(older, [first], [ahead]))).toEqual(["REBASED"])
    const again = await rebaseAt(older)
    expect(again.log).toBe(next)
    for (const found of [await verified(older, [crime]), await verified(older, [first], [ahead, crime])])
      expect(names(found)).toEqual(["REBASED", "ROLLED_BACK"])
    const text = await bundled(older)
    expect((await verified(older)).verdicts.filter(({ name }) => name === "REBASED")).toHaveLength(2)
    expect(second(text)).toMatchObject([{ named: true, rebased: 2 }, { named: true }])
    expect(names(await read(text, [first], [ahead, crime]))).toEqual(["REBASED", "ROLLED_BACK"])
  })

  it("by calling it the same database: an incarnation that no act declares is a gap", async () => {
    const url = await restore()
    await admin(url, "update wardkeep_audit.seal_state set incarnation = wardkeep_audit.incarnation()")
    await write(url, "on top of the old state")
    await sealAt(url)
    expect(names(await verified(url))).toEqual(["GAP_OF_CAPTURE"])
    expect(names(await verified(url, [ahead]))).toEqual(["GAP_OF_CAPTURE", "ROLLED_BACK"])
    expect(names(await read(await bundled(url)))).toEqual(["GAP_OF_CAPTURE"])
  })
})
