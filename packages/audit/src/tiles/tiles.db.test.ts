import { execFileSync } from "node:child_process"
import { generateKeyPairSync } from "node:crypto"
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import { asOwner } from "@wardkeep/postgres/migrate"
import type pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { installAudited } from "#tests/fixture/audited.ts"
import { type Clinic, connected, withLogin } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { eraseSubject } from "../erase/erase.js"
import { batchEntry } from "../seal/entry.js"
import { checkpointNote, signerFrom } from "../seal/note.js"
import { rotateKey } from "../seal/rotate.js"
import { openSealer } from "../seal/sealer.js"
import { leafHash } from "../seal/tree.js"
import { trustedKeys, type Verification, verifyProof, verifyTiles } from "../verify/index.js"
import { type TileStore, tileFolder } from "./folder.js"
import { type ProofOptions, proveEvent } from "./proof.js"
import { type Tiles, writeTiles } from "./write.js"

const database = useDatabase()
const pair = (): { signer: ReturnType<typeof signerFrom>; pem: string; keys: ReturnType<typeof trustedKeys> } => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519")
  const pem = publicKey.export({ type: "spki", format: "pem" }).toString()
  return {
    pem,
    signer: signerFrom(privateKey.export({ type: "pkcs8", format: "pem" }).toString()),
    keys: trustedKeys([pem]),
  }
}
const { signer, pem, keys } = pair()
const reason = "complaint 4"
let clinic: Clinic
let tenant = ""
let root = ""
const folder = (name: string): string => join(root, name)

const owned = <T>(work: (client: pg.Client) => Promise<T>): Promise<T> =>
  connected(withLogin(database.ownerUrl, clinic.logins.migrator), (client) =>
    asOwner(client, clinic.policy, () => work(client)),
  )

async function seal(): Promise<string> {
  const sealed = await owned(async (client) => {
    const sealer = await openSealer({ client, deployment: clinic.policy.deployment, signer, heartbeat: 0 })
    return await sealer.seal()
  })
  return sealed.checkpoint ?? ""
}

const views = (n: number): Promise<pg.QueryResult> =>
  connected(database.adminUrl, (admin) =>
    admin.query(
      `insert into wardkeep_audit.event (tenant, actor, role, purpose, verb, relation, subject)
       select $1, 'asha', 'doctor', 'care', 'view', 'public.patient', 'person-' || n from generate_series(1, $2::int) n`,
      [tenant, n],
    ),
  )

const write = (of: string, into: string): Promise<Tiles> => {
  const store = tileFolder(folder(into), into)
  const { deployment } = clinic.policy
  return owned((client) => writeTiles({ client, deployment, tenant: of, store }))
}

const prove = (event: string, more: Partial<ProofOptions> = {}) =>
  owned((client) => proveEvent({ client, event, reason, ...more }))

const eventOf = async (subject: string): Promise<string> => {
  const { rows } = await connected(database.adminUrl, (admin) =>
    admin.query("select id::text from wardkeep_audit.event where subject = $1 order by id limit 1", [subject]),
  )
  return rows[0].id
}

const second = (what: "tiles" | "proof", path: string, key = pem): Record<string, unknown> => {
  const script = fileURLToPath(new URL("../verify/second-tiles.py", import.meta.url))
  return JSON.parse(execFileSync("python3", [script, what, path, key], { encoding: "utf8" }))
}

/** Every file of a folder of tiles. */
function filesOf(name: string): Map<string, Buffer> {
  const all = readdirSync(folder(name), { recursive: true, withFileTypes: true }).filter((each) => each.isFile())
  return new Map(
    all.map((each) => {
      const path = join(each.parentPath, each.name)
      return [relative(folder(name), path), readFileSync(path)]
    }),
  )
}

const verified = (files: ReadonlyMap<string, Buffer>, anchors: string[] = []): Promise<Verification> =>
  verifyTiles({ read: async (path) => files.get(path), keys, anchors })

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "wardkeep-tiles-"))
  clinic = await installAudited(database.ownerUrl)
  tenant = clinic.branches[0].clinic
  await views(300)
  await seal()
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

describe("tiles", () => {
  it("are read by a second language, grow by what is new, and never write a full tile again", async () => {
    const first = await write(tenant, "clinic")
    expect(second("tiles", folder("clinic"))).toEqual({
      origin: first.origin,
      size: first.leaves,
      root: true,
      levels: 2,
      entries: 0,
      signature: "valid",
    })
    const full = statSync(join(folder("clinic"), "tile/0/000"))
    await views(300)
    const anchor = await seal()
    const next = await write(tenant, "clinic")
    expect(next.leaves).toBe(first.leaves + 300)
    expect(next.added).toBe(3)
    expect(second("tiles", folder("clinic"))).toMatchObject({ size: next.leaves, root: true, signature: "valid" })
    expect(second("tiles", folder("clinic"), pair().pem)).toMatchObject({ root: true, signature: "unknown" })
    expect(statSync(join(folder("clinic"), "tile/0/000"))).toMatchObject({ ino: full.ino, mtimeMs: full.mtimeMs })
    const files = filesOf("clinic")
    expect([...files.keys()].filter((path) => path.startsWith("tile/0/")).sort()).toEqual(
      ["000", "001", `002.p/${next.leaves - 512}`].map((name) => `tile/0/${name}`),
    )
    expect(await write(tenant, "clinic")).toMatchObject({ added: 0, leaves: next.leaves })
    expect(await verified(files, [anchor])).toMatchObject({ ok: true, verdicts: [], anchored: false })
    await write(tenant, "anew")
    for (const [path, bytes] of filesOf("anew")) expect(files.get(path)).toEqual(bytes)
  })

  it("of the deployment's log hold every entry, name no person, and are compared with what was kept elsewhere", async () => {
    const { leaves, withheld } = await write("", "deployment")
    const anchor = await seal()
    expect(withheld).toBe(0)
    expect(second("tiles", folder("deployment"))).toMatchObject({
      size: leaves,
      root: true,
      entries: leaves,
      signature: "valid",
    })
    const files = filesOf("deployment")
    expect(Buffer.concat([...files.values()]).includes("person-")).toBe(false)
    const kept = files.get("checkpoint")?.toString("utf8") ?? ""
    expect(await verified(files, [kept])).toMatchObject({ ok: true, anchored: true, logs: [{ withheld: 0 }] })
    expect((await verified(files, [anchor])).verdicts.map(({ name }) => name)).toEqual(["ROLLED_BACK"])
    const [bundle = ""] = [...files.keys()].filter((path) => path.startsWith("tile/entries/"))
    const bytes = Buffer.from(files.get(bundle) ?? "")
    bytes[20] = (bytes[20] ?? 0) ^ 1
    expect((await verified(new Map([...files, [bundle, bytes]]))).verdicts[0]).toMatchObject({ name: "EDITED" })
    const cut = await verified(new Map([...files, [bundle, bytes.subarray(0, -1)]]))
    expect(cut.verdicts[0]).toMatchObject({ name: "EDITED", message: expect.stringContaining("entries of its tile") })
    // A batch that fits its hash, and whose account of capture nobody can read, stops no verification.
    const [tile = ""] = [...files.keys()].filter((path) => path.startsWith("tile/0/"))
    const [whole, hashes] = [files.get(bundle) ?? Buffer.of(), files.get(tile) ?? Buffer.of()]
    const no = { number: 1n, atMicroseconds: 1n, incarnation: "", previousSnapshot: null, snapshot: "", events: 0 }
    const bad = batchEntry({ ...no, capture: "x" })
    const first = [Buffer.of(0, bad.length), bad, whole.subarray(2 + whole.readUInt16BE(0))]
    const copy = new Map([...files, [bundle, Buffer.concat(first)]])
    copy.set(tile, Buffer.concat([leafHash(bad), hashes.subarray(32)]))
    expect((await verified(copy)).verdicts.map(({ name }) => name)).toEqual(["EDITED"])
  })

  it("that somebody changed have a verdict by name", async () => {
    const files = filesOf("clinic")
    const size = Number(files.get("checkpoint")?.toString("utf8").split("\n")[1])
    const last = `tile/0/002.p/${size - 512}`
    const flipped = (path: string): Buffer => {
      const bytes = Buffer.from(files.get(path) ?? "")
      bytes[40] = (bytes[40] ?? 0) ^ 1
      return bytes
    }
    const names = async (change: (copy: Map<string, Buffer>) => void): Promise<string[]> => {
      const copy = new Map(files)
      change(copy)
      return [...new Set((await verified(copy)).verdicts.map(({ name }) => name))].sort()
    }
    expect(await names((copy) => copy.set("tile/0/001", flipped("tile/0/001")))).toEqual(["EDITED"])
    expect(await names((copy) => copy.set("tile/1/000.p/2", flipped("tile/1/000.p/2")))).toEqual(["EDITED"])
    expect(await names((copy) => copy.set(last, flipped(last)))).toEqual(["EDITED"])
    expect(await names((copy) => copy.delete("tile/0/000"))).toEqual(["DELETED"])
    expect(await names((copy) => copy.delete(last))).toContain("DELETED")
    expect(await names((copy) => copy.set(last, Buffer.alloc(31)))).toContain("EDITED")
    expect(await names((copy) => copy.set("tile/0/000", Buffer.alloc(8191)))).toContain("EDITED")
    const [origin = "", , , , signature] = (files.get("checkpoint")?.toString("utf8") ?? "").split("\n")
    const forged = `${origin}\n${size - 1}\n${Buffer.alloc(32).toString("base64")}\n\n${signature}\n`
    expect(await names((copy) => copy.set("checkpoint", Buffer.from(forged)))).toContain("EDITED")
    const stranger = checkpointNote(pair().signer, origin, BigInt(size), Buffer.alloc(32))
    expect(await names((copy) => copy.set("checkpoint", Buffer.from(stranger)))).toEqual(["KEY_UNKNOWN"])
    const split = checkpointNote(signer, origin, BigInt(size), Buffer.alloc(32))
    expect((await verified(files, [split])).verdicts.map(({ name }) => name)).toEqual(["SPLIT_VIEW"])
    for (const text of ["", "no checkpoint\n"])
      await expect(verified(new Map([["checkpoint", Buffer.from(text)]]))).rejects.toMatchObject({ code: "WK405" })
    await expect(verified(new Map())).rejects.toMatchObject({ code: "WK405" })
    const elsewhere = checkpointNote(signer, "wardkeep/other/1", 1n, Buffer.alloc(32))
    await expect(verified(files, [elsewhere])).rejects.toMatchObject({ code: "WK406" })
    // A log that claims more leaves than anybody could read is not read for ever.
    const endless = checkpointNote(signer, origin, 10n ** 15n, Buffer.alloc(32))
    expect(await names((copy) => copy.set("checkpoint", Buffer.from(endless)))).toEqual(["DELETED", "TRUNCATED"])
  })

  it("are refused where the folder holds another log, or another history, before anything is published", async () => {
    await expect(write("", "clinic")).rejects.toMatchObject({ code: "WK454" })
    await expect(write("nobody", "nobody")).rejects.toMatchObject({ code: "WK408" })
    const path = join(folder("clinic"), "checkpoint")
    const before = readFileSync(path)
    const size = Number(before.toString("utf8").split("\n")[1])
    const origin = before.toString("utf8").split("\n")[0] ?? ""
    const published = (leaves: number): void =>
      writeFileSync(path, checkpointNote(signer, origin, BigInt(leaves), Buffer.alloc(32, 7)))
    published(size + 1)
    await expect(write(tenant, "clinic")).rejects.toMatchObject({ code: "WK454" })
    published(size)
    await expect(write(tenant, "clinic")).rejects.toMatchObject({ code: "WK454" })
    await views(1)
    await seal()
    await expect(write(tenant, "clinic")).rejects.toMatchObject({
      code: "WK454",
      message: expect.stringContaining("published"),
    })
    writeFileSync(path, before)
    const tile = join(folder("clinic"), "tile/1/000.p/2")
    const hashes = readFileSync(tile)
    for (const bad of [Buffer.alloc(64, 1), Buffer.alloc(63)]) {
      writeFileSync(tile, bad)
      await expect(write(tenant, "clinic")).rejects.toMatchObject({ code: "WK454" })
    }
    expect(readFileSync(path)).toEqual(before)
    writeFileSync(tile, hashes)
    await write(tenant, "clinic")
    expect((await verified(filesOf("clinic"))).ok).toBe(true)
    await expect(
      owned((client) => writeTiles({ client, deployment: "d", tenant, store: tileFolder("/dev/null/tiles", "null") })),
    ).rejects.toMatchObject({ code: expect.stringMatching(/^WK(009|454)$/) })
  })
})

it("a file that was not there a moment ago is compared, and never taken for one's own", async () => {
  const store = tileFolder(folder("race"), "race")
  const both = await Promise.allSettled([store.add("tile/0/000", Buffer.of(1)), store.add("tile/0/000", Buffer.of(2))])
  const [is = 0] = (await store.read("tile/0/000")) ?? []
  expect(both[is - 1]).toMatchObject({ status: "fulfilled", value: true })
  expect(both[2 - is]).toMatchObject({ status: "rejected", reason: { code: "WK454" } })
  symlinkSync("nowhere", join(folder("race"), "tile/0/001"))
  await expect(store.add("tile/0/001", Buffer.of(1))).rejects.toMatchObject({ code: "WK454" })
})

it("of two writers at once the newer checkpoint stays, and one that was ended while it published is told", async () => {
  await views(3)
  await seal()
  const store = tileFolder(folder("two"), "two")
  const { deployment } = clinic.policy
  const at = (over: Partial<TileStore>): Promise<Tiles> =>
    owned((client) => writeTiles({ client, deployment, tenant, store: { ...store, ...over } }))
  const published = async (): Promise<number> =>
    Number((await store.read("checkpoint"))?.toString("utf8").split("\n")[1] ?? 0)
  // The slower one read the log before the other one did, and publishes after it.
  let newer = 0
  const slower = await at({
    async swap(...asked) {
      if (newer === 0) {
        await views(300)
        await seal()
        newer = (await write(tenant, "two")).leaves
      }
      return await store.swap(...asked)
    },
  })
  expect(slower.leaves).toBe(newer)
  expect(await published()).toBe(newer)
  // One that is ahead of what was published meanwhile goes on from that.
  await views(1)
  await seal()
  const older = await store.read("checkpoint")
  rmSync(join(folder("two"), "checkpoint"))
  let turns = 0
  const ahead = await at({
    async swap(...asked) {
      if (turns++ === 0) writeFileSync(join(folder("two"), "checkpoint"), older ?? "")
      return await store.swap(...asked)
    },
  })
  expect([turns, ahead.leaves, await published()]).toEqual([2, newer + 1, newer + 1])
  expect(await verified(filesOf("two"))).toMatchObject({ ok: true })
  writeFileSync(join(folder("two"), ".lock"), "")
  await views(1)
  await seal()
  await expect(write(tenant, "two")).rejects.toMatchObject({ code: "WK458" })
  expect(await published()).toBe(newer + 1)
  rmSync(join(folder("two"), ".lock"))
  await write(tenant, "two")
  expect(await published()).toBe(newer + 2)
})

it("are written the same on a disk without hard links, and take nobody's place there", async () => {
  // As FAT and some network file systems answer.
  const linkless = (): Promise<never> => Promise.reject(Object.assign(new Error("link"), { code: "EPERM" }))
  const store = tileFolder(folder("linkless"), "linkless", linkless)
  const { deployment } = clinic.policy
  await owned((client) => writeTiles({ client, deployment, tenant, store }))
  await write(tenant, "linked")
  expect(filesOf("linkless")).toEqual(filesOf("linked"))
  const both = await Promise.allSettled([store.add("tile/9/000", Buffer.of(1)), store.add("tile/9/000", Buffer.of(2))])
  const [is = 0] = (await store.read("tile/9/000")) ?? []
  expect(both[is - 1]).toMatchObject({ status: "fulfilled", value: true })
  expect(both[2 - is]).toMatchObject({ status: "rejected", reason: { code: "WK454" } })
  expect(readdirSync(folder("linkless")).filter((name) => name.startsWith("."))).toEqual([])
})

describe("the proof of an event", () => {
  it("is verified here and by a second language, with the checkpoint it stands under, and is recorded", async () => {
    const anchor = await seal()
    const event = await eventOf("person-7")
    const { text, origin, leaf } = await prove(event)
    const found = verifyProof({ text, keys, anchors: [anchor] })
    expect(found).toMatchObject({ ok: true, verdicts: [], log: origin, leaf, event: { id: event, verb: "view" } })
    expect(found.event.subject).toMatchObject({ value: "person-7" })
    writeFileSync(folder("7.tlog-proof"), text)
    const signatures = ["valid", "valid"]
    expect(second("proof", folder("7.tlog-proof"))).toMatchObject({ index: leaf, event: true, head: true, signatures })
    const { rows } = await connected(database.adminUrl, (admin) =>
      admin.query("select subject, detail from wardkeep_audit.event where verb = 'export' order by id desc limit 1"),
    )
    expect(rows).toEqual([{ subject: "person-7", detail: JSON.stringify({ reason, event }) }])
    await seal()
    const under = await prove(event, { under: anchor })
    expect(verifyProof({ text: under.text, keys, anchors: [anchor] })).toMatchObject({ ok: true, anchored: true })
    expect(verifyProof({ text: (await prove(event)).text, keys, anchors: [anchor] }).anchored).toBe(false)
    const [name = "", size = ""] = anchor.split("\n")
    const other = checkpointNote(signer, name, BigInt(size), Buffer.alloc(32))
    expect(verifyProof({ text: under.text, keys, anchors: [other] }).verdicts).toMatchObject([{ name: "SPLIT_VIEW" }])
    await expect(prove(event, { under: other })).rejects.toMatchObject({ code: "WK455" })
  })

  it("of an erased person holds commitments, and an old one still verifies", async () => {
    const event = await eventOf("person-9")
    const before = await prove(event)
    await seal()
    await owned((client) => eraseSubject({ client, tenant, subject: "person-9", reason: "request 9" }))
    await seal()
    const after = await prove(event)
    expect(Buffer.from(after.text.split("\n")[1]?.slice(6) ?? "", "base64").toString()).not.toContain("person-9")
    for (const { text } of [before, after]) expect(verifyProof({ text, keys })).toMatchObject({ ok: true })
  })

  it("is refused where there is none", async () => {
    const first = readFileSync(join(folder("deployment"), "checkpoint"), "utf8")
    await views(1)
    const { rows } = await connected(database.adminUrl, (admin) =>
      admin.query("select max(id)::text as id from wardkeep_audit.event"),
    )
    for (const event of [rows[0].id, "0", "x"]) await expect(prove(event)).rejects.toMatchObject({ code: "WK455" })
    await seal()
    await expect(prove(rows[0].id, { under: first })).rejects.toMatchObject({ code: "WK455" })
    await expect(prove(rows[0].id, { reason: " " })).rejects.toMatchObject({ code: "WK009" })
  })

  it("that somebody changed has a verdict or a code by name", async () => {
    const [one, other] = [await prove(await eventOf("person-11")), await prove(await eventOf("person-12"))]
    const names = (text: string, trusted = keys): string[] =>
      [...new Set(verifyProof({ text, keys: trusted }).verdicts.map(({ name }) => name))].sort()
    const swapped = (at: number): string => {
      const lines = one.text.split("\n")
      lines[at] = other.text.split("\n")[at] ?? ""
      return lines.join("\n")
    }
    expect(names(swapped(1))).toContain("EDITED")
    expect(names(swapped(2))).toContain("EDITED")
    const [note, rest] = [one.text.slice(one.text.indexOf("\n\n") + 2), one.text.slice(0, one.text.indexOf("\n\n") + 2)]
    const [origin = "", size = ""] = note.split("\n")
    const resized = note.replace(`\n${size}\n`, `\n${Number(size) - 1}\n`)
    expect(names(rest + resized)).toContain("EDITED")
    expect(names(rest + checkpointNote(signer, origin, BigInt(size), Buffer.alloc(32)))).toEqual([
      "EDITED",
      "SPLIT_VIEW",
    ])
    expect(names(one.text, pair().keys)).toEqual(["KEY_UNKNOWN"])
    const extra = JSON.parse(Buffer.from(one.text.split("\n")[1]?.slice(6) ?? "", "base64").toString())
    const said = (changed: object): string =>
      one.text.replace(
        /^extra .*$/m,
        `extra ${Buffer.from(JSON.stringify({ ...extra, ...changed })).toString("base64")}`,
      )
    expect(names(said({}))).toEqual([])
    expect(names(said({ event: { ...extra.event, subject: { ...extra.event.subject, value: "x" } } }))).toEqual([
      "EDITED",
    ])
    expect(names(said({ event: { ...extra.event, tenant: "x" } }))).toEqual(["EDITED", "SPLIT_VIEW"])
    expect(names(said({ head: undefined, seed: undefined }))).toEqual(["SPLIT_VIEW"])
    expect(names(said({ seed: Buffer.alloc(32).toString("base64") }))).toEqual(["SPLIT_VIEW"])
    const code = (text: string): unknown => {
      try {
        return verifyProof({ text, keys })
      } catch (error) {
        return error instanceof Error && "code" in error && error.code
      }
    }
    for (let cut = 0; cut < one.text.length; cut += 13) expect(code(one.text.slice(0, cut))).toBe("WK405")
    for (const bad of [
      said({ wardkeep: "x" }),
      said({ head: 1 }),
      said({ head: "x" }),
      said({ head: undefined }),
      said({ seed: "" }),
      said({ event: { version: 1 } }),
    ])
      expect(code(bad)).toBe("WK405")
    expect(code(one.text.replace(/^extra .*\n/m, ""))).toBe("WK405")
    expect(code(said({ version: 2 }))).toBe("WK407")
    expect(code(said({ event: { ...extra.event, version: 2 } }))).toBe("WK407")
  })
})

describe("tiles and a proof that a key signed", () => {
  it("after it was retired are KEY_UNKNOWN to who knows its last checkpoint, and before as ever", async () => {
    const next = pair()
    const event = await eventOf("person-7")
    const { deployment } = clinic.policy
    await write("", "before")
    const before = await prove(event)
    const { last } = await owned((client) =>
      rotateKey({ client, deployment, from: signer, to: next.signer, reason: "yearly" }),
    )
    const both = [...keys, ...next.keys]
    const retired = [last]
    const proved = (text: string, known = retired): string[] =>
      verifyProof({ text, keys: both, retired: known }).verdicts.map(({ name }) => name)
    const tiled = async (files: ReadonlyMap<string, Buffer>, known = retired): Promise<string[]> =>
      (await verifyTiles({ read: async (path) => files.get(path), keys: both, retired: known })).verdicts.map(
        ({ name }) => name,
      )
    await write("", "after")
    const after = await prove(event)
    for (const text of [before.text, after.text]) expect(proved(text)).toEqual([])
    for (const name of ["before", "after"]) expect(await tiled(filesOf(name))).toEqual([])

    // Whoever has the old key signs what the new one did.
    const late = (note: string): string => {
      const [origin = "", size = "", root = ""] = note.split("\n")
      return checkpointNote(signer, origin, BigInt(size), Buffer.from(root, "base64"))
    }
    const files = filesOf("after")
    const stolen = new Map([
      ...files,
      ["checkpoint", Buffer.from(late(files.get("checkpoint")?.toString("utf8") ?? ""))] as const,
    ])
    expect(await tiled(stolen, [])).toEqual([])
    expect(await tiled(stolen)).toEqual(["KEY_UNKNOWN"])
    const extra = JSON.parse(Buffer.from(after.text.split("\n")[1]?.slice(6) ?? "", "base64").toString())
    const head = extra.head.slice(0, extra.head.indexOf("\n\n") + 2)
    const moved = { ...extra, head: head + late(extra.head.slice(head.length)) }
    const text = after.text.replace(/^extra .*$/m, `extra ${Buffer.from(JSON.stringify(moved)).toString("base64")}`)
    expect(proved(text, [])).toEqual([])
    expect(proved(text)).toEqual(["KEY_UNKNOWN"])
    await views(1)
    await owned(async (client) => {
      const sealer = await openSealer({ client, deployment, signer: next.signer, heartbeat: 0 })
      await sealer.seal()
      await sealer.close()
    })
    const grown = await prove(event)
    const own = grown.text.slice(0, grown.text.indexOf("\n\n") + 2)
    expect(proved(grown.text)).toEqual([])
    expect(proved(own + late(grown.text.slice(own.length)))).toEqual(["KEY_UNKNOWN"])
    // Of a clinic's tiles nobody knows how large the deployment's log was.
    expect(await tiled(filesOf("clinic"))).toEqual(["KEY_UNKNOWN"])
    expect(await tiled(filesOf("clinic"), [])).toEqual([])
    const verifiedWith = (known: string[], trusted = both): unknown =>
      verifyProof({ text: after.text, keys: trusted, retired: known })
    const [origin = ""] = last.split("\n")
    const note = (of: string): string => checkpointNote(signer, of, 1n, Buffer.alloc(32))
    expect(() => verifiedWith(["x"])).toThrow(expect.objectContaining({ code: "WK457" }))
    expect(() => verifiedWith([last], next.keys)).toThrow(expect.objectContaining({ code: "WK457" }))
    expect(() => verifiedWith([note(`${origin}/${tenant}`)])).toThrow(expect.objectContaining({ code: "WK457" }))
    expect(() => verifiedWith([note("wardkeep/other/1")])).toThrow(expect.objectContaining({ code: "WK406" }))
  })
})
